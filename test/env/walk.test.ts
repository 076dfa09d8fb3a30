import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { elements } from '../helpers/snapshot.js'
import { eventually, World } from '../helpers/world.js'

/** A walk through the kernel's connections takes milliseconds: it has a thread of its own, and no call waits for it. */

const TASKS = '/proc/self/task'
/** Long enough to see what happens meanwhile. */
const SECONDS = 3

/** In the order in which they were started. */
const threads = (): string[] =>
  readdirSync(TASKS)
    .filter((id) => readFileSync(join(TASKS, id, 'comm'), 'utf8').trim() === 'slipway')
    .sort((one, other) => Number(one) - Number(other))
const addresses = (world: World): string[] => elements(world.host, 'addresses4').map(({ key }) => key)

/** From now on, whatever this thread sends to the kernel takes long. @returns Whether it is at it. */
async function slowDown(t: ExecutionContext, thread: string): Promise<() => boolean> {
  const strace = spawn(
    'strace',
    [
      '-p',
      thread,
      '-o',
      '/dev/null',
      '-e',
      'trace=sendto',
      '-e',
      'signal=none',
      '-e',
      `inject=sendto:delay_enter=${SECONDS}s`,
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LD_PRELOAD: '' },
    },
  )
  t.teardown(() => strace.kill())
  let said = ''
  strace.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  t.true(await eventually(() => said.includes('attached')), said)
  return () => /^State:\tt/m.test(readFileSync(join(TASKS, thread, 'status'), 'utf8'))
}

test.serial('a name that was just removed is free again while conntrack is being walked through', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const [, , walker = '', ...others] = threads()
  t.deepEqual(others, [])
  const isWalking = await slowDown(t, walker)

  const other = await world.create(slipway, 'other')
  const [left = ''] = other.endpoints[0]?.addresses ?? []
  const app = await world.create(slipway, 'app')
  await other.remove()
  t.true(await eventually(isWalking))
  await app.remove()
  const again = await world.create(slipway, 'app')
  // Addresses stay claimed until the walk has ended.
  t.true(addresses(world).includes(left.split('/')[0] ?? ''))
  t.not(again.id, app.id)
})
