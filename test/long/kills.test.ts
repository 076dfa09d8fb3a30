import test, { type ExecutionContext } from 'ava'
import { calls, type CallName } from '../kills/calls.js'
import { Rounds, type Outcome } from '../kills/rounds.js'

/**
 * A process is killed in place of each of its messages to the kernel and of its file operations, at each call there is,
 * and at healing. So is the next that opens the host. What that leaves, open() makes whole.
 */

const NAMES = Object.keys(calls) as CallName[]

/** What becomes of a host where a process is killed at its first call, its second, and so on, until it lives. */
async function each(t: ExecutionContext, kill: (before: number) => Promise<Outcome | undefined>): Promise<void> {
  t.timeout(600_000)
  const outcomes: Outcome[] = []
  for (let outcome = await kill(1); outcome !== undefined && t.passed; outcome = await kill(outcomes.length + 1))
    outcomes.push(outcome)
  t.true(outcomes.length > 0)
  t.log(`${outcomes.length} kills: ${outcomes.join('; ')}`)
}

const on = async (t: ExecutionContext, name: CallName) => (calls[name].first ? Rounds.onNew(t) : Rounds.on(t))

for (const name of NAMES)
  test.serial(`killed before each call of ${name}`, async (t) => {
    const rounds = await on(t, name)
    await rounds.learn(name)
    await each(t, (before) => rounds.kill(name, before))
  })

for (const name of NAMES)
  test.serial(`after ${name} was killed, so is the next that opens the host`, async (t) => {
    const rounds = await on(t, name)
    const most = await rounds.learn(name)
    // A few of the first kills, others in each run; after each of them, the opener is killed at each of its calls.
    const step = Math.ceil(most / 2)
    for (let before = 1 + Math.floor(Math.random() * step); before <= most && t.passed; before += step)
      await each(t, (openerBefore) => rounds.kill(name, before, openerBefore))
  })

const DAMAGE = {
  'the ruleset is gone': 'nft flush ruleset',
  'sets are empty': 'nft flush set inet slipway addresses4; nft flush map inet slipway published4',
  'a bridge is gone': "ip link delete $(ip -br link show type bridge | grep -o '^br-[0-9a-f]*')",
  'all links are gone':
    'for link in $(ip -br link show type veth | grep -o "^veth[0-9a-f]*"); do ip link delete $link; done',
}

for (const [title, damage] of Object.entries(DAMAGE))
  test.serial(`killed before each call of open() on a host where ${title}`, async (t) => {
    const rounds = await Rounds.on(t)
    await each(t, (before) => rounds.killHealing(damage, before))
  })
