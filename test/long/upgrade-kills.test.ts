import test from 'ava'
import { TakeOvers, type Doing } from '../kills/take-over.js'

/**
 * A process takes over a host of 0.1.0 and is killed in place of each of its messages to the kernel and of its file
 * operations: in open(), which replaces the ruleset, and in the first call that changes an older record. The next
 * open() has it all, with what it has counted.
 */

const DOINGS: readonly Doing[] = ['open', 'connect', 'publish', 'remove']

for (const doing of DOINGS)
  test.serial(`killed before each call of ${doing} on a host of 0.1.0`, async (t) => {
    t.timeout(1_200_000)
    const takeOvers = new TakeOvers(t)
    await takeOvers.learn('open')
    if (doing !== 'open') await takeOvers.learn(doing)
    const outcomes: string[] = []
    for (let outcome = await takeOvers.kill(doing, 1); outcome !== undefined && t.passed;)
      outcome = await takeOvers.kill(doing, outcomes.push(outcome) + 1)
    t.true(outcomes.length > 0)
    t.log(`${outcomes.length} kills: ${outcomes.join('; ')}`)
  })
