import test from 'ava'
import { Queue } from '#lib/base/queue.js'

test('a queue gives what it was given, in order, whenever it is taken', (t) => {
  const queue = new Queue<number>()
  const model: number[] = []
  let next = 0
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < (round * 7) % 11; i++) {
      queue.push(next)
      model.push(next++)
    }
    for (let i = 0; i < (round * 5) % 13; i++) t.is(queue.shift(), model.shift())
    t.is(queue.length, model.length)
    if (round % 100 === 99) {
      queue.clear()
      model.length = 0
      t.is(queue.shift(), undefined)
    }
  }
})
