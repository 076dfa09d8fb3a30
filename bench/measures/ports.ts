import { timed } from '../arms/arm.js'
import type { Ours } from '../arms/ours.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { runFloor } from '../floor-program.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** Ports that only have to be there: on addresses of the loopback, so that they are in nobody's way. */
const FIRST_FILLER = 10_000
const FILLERS_PER_ADDRESS = 10_000
/** To a sandbox; its record names each. */
const FILLERS_PER_SANDBOX = 500

/** Publishes `at` ports that nobody asks for. */
export async function publishFillers({ slipway }: Ours, at: number): Promise<void> {
  for (let done = 0; done < at; done += FILLERS_PER_SANDBOX) {
    const count = Math.min(FILLERS_PER_SANDBOX, at - done)
    const first = FIRST_FILLER + (done % FILLERS_PER_ADDRESS)
    const range = (from: number) => `${from}-${from + count - 1}`
    await slipway.sandboxes.create({
      name: `filler${done}`,
      publish: [`${fillerAddress(done)}:${range(first)}:${range(1)}`],
    })
  }
}

const fillerAddress = (done: number) => `127.0.1.${1 + Math.floor(done / FILLERS_PER_ADDRESS)}`

/** Publishes one more port, `count` times over, on a sandbox that has few, beside `at` that are published. */
export async function publishMore(arm: Ours, { warmUp, count, at = 0 }: TrialSpec): Promise<TrialResult> {
  await publishFillers(arm, at)
  const sandbox = arm.sandbox(0)
  const total: number[] = []
  const removed: number[] = []
  for (let n = -REHEARSALS; n < count; n++) {
    const mapping = `${endpoint(warmUp + Math.max(0, n)).hostPort}:${CONTAINER_PORT + 1}`
    const published = await timed(() => sandbox.publish(mapping))
    const gone = await timed(() => sandbox.unpublish(mapping))
    if (n < 0) continue
    total.push(published)
    removed.push(gone)
  }
  return { total, phases: {}, series: { removed } }
}

/**
 * Until V8 has compiled all of it, as in a process in service. Without, the process that has published the others is
 * compared with a younger one.
 */
const REHEARSALS = 3000

/** The first connection through each of `count` published ports, beside `at` that are published. */
export async function connectFirst(arm: Ours, { warmUp, count, at = 0 }: TrialSpec): Promise<TrialResult> {
  await publishFillers(arm, at)
  const sandbox = arm.sandbox(0)
  for (let n = warmUp; n < warmUp + count; n++) await sandbox.publish(`${endpoint(n).hostPort}:${CONTAINER_PORT}`)
  // By the floor's client and server: what is measured is the way between them.
  const { connected } = await runFloor<{ connected: number[] }>(
    'connect',
    `--server=${sandbox.path}`,
    `--first-port=${endpoint(warmUp).hostPort}`,
    `--count=${count}`,
  )
  return { total: connected.map((nanoseconds) => nanoseconds / 1000), phases: {} }
}
