import test, { type ExecutionContext } from 'ava'
import { calls, type CallName } from '../kills/calls.js'
import { Rounds } from '../kills/rounds.js'
import { TakeOvers } from '../kills/take-over.js'

/**
 * A process is killed in place of one of its messages to the kernel or file operations, at each call there is, and what
 * that leaves, open() makes whole. `npm run test:long` tries all of them.
 */

const NAMES = Object.keys(calls) as CallName[]

/** In place of one of its calls, another in each run. */
async function once(t: ExecutionContext, rounds: Rounds, name: CallName): Promise<void> {
  const most = await rounds.learn(name)
  const before = 1 + Math.floor(Math.random() * most)
  const outcome = await rounds.kill(name, before)
  // It may have come to its end with fewer than it was learned to have.
  if (before <= most / 2) t.truthy(outcome, `${name}: it was not killed`)
  t.log(`${name}: ${outcome ?? 'it came to its end'}`)
}

test.serial('killed at the first sandbox of a host', async (t) => {
  for (const name of NAMES.filter((one) => calls[one].first)) await once(t, Rounds.onNew(t), name)
})

test.serial('killed at each call of a host in use', async (t) => {
  t.timeout(300_000)
  const rounds = await Rounds.on(t)
  for (const name of NAMES.filter((one) => !calls[one].first)) {
    await once(t, rounds, name)
    await rounds.clear()
  }
})

test.serial('killed while it takes over a host of 0.1.0', async (t) => {
  const takeOvers = new TakeOvers(t)
  const most = await takeOvers.learn('open')
  const outcome = await takeOvers.kill('open', 1 + Math.floor(Math.random() * most))
  t.truthy(outcome)
  t.log(outcome)
})
