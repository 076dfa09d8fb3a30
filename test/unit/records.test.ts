import test from 'ava'
import { storeIn, textWith } from '#lib/store/folder.js'

interface Note {
  name: string
  text?: string
  list?: string[]
}

test('a record with more in it is what it would be if all of it were printed anew', (t) => {
  for (const record of [{ name: 'a' }, { name: 'a', text: '"}\n,' }, { name: 'a', list: ['x'] }] satisfies Note[]) {
    for (const more of [{ text: 'more' }, { list: ['}', '\n'] }, { text: 'b', list: [] }] satisfies Partial<Note>[]) {
      t.is(textWith<Note>(storeIn('/', record), more), storeIn('/', { ...record, ...more }).text)
    }
  }
})
