import { writeSync } from 'node:fs'
import { SlipwayError, type Sandbox, type Slipway } from 'slipway'
import { dice } from '../helpers/dice.js'

/** A line of what {@link randomLife} does: begun, done (with what is then) or refused. */
export interface Step {
  /** Of a sandbox or network. */
  name: string
  state: 'begun' | 'done' | 'refused'
  op: string
  /** What it is when it is done; null where it has gone. */
  after?: Facts | null
}

/** What is to be there of a sandbox; of a network, both are empty. */
export interface Facts {
  networks: string[]
  ports: string[]
}

/** Written at once: what was said before a kill has been said. */
const tell = (step: Step) => void writeSync(1, `${JSON.stringify(step)}\n`)

const factsOf = ({ endpoints, ports }: Sandbox): Facts => ({
  networks: endpoints.map(({ network }) => network).sort(),
  ports: ports.map(({ hostPort, containerPort, protocol }) => `${hostPort}:${containerPort}/${protocol}`).sort(),
})

/** Of one process. */
export interface Life {
  /** Names of sandboxes begin so. */
  prefix: string
  /** The first of its host ports. */
  port: number
  seed: number
}

/** Changes at random what it has made, and networks that all share, several at a time, for as long as it is let. */
export async function live(slipway: Slipway, { prefix, port, seed }: Life): Promise<void> {
  const workers = Array.from({ length: 3 }, (_, worker) => work(slipway, prefix, worker, port, dice(seed + worker)))
  await Promise.all(workers)
}

async function work(
  slipway: Slipway,
  prefix: string,
  worker: number,
  firstPort: number,
  roll: (sides: number) => number,
): Promise<void> {
  const mine = new Map<string, Sandbox>()
  let made = 0
  const network = () => ['bridge', 'net0', 'net1', 'net2'][roll(4)] ?? 'bridge'
  const port = () => firstPort + worker * 20 + roll(20)
  const attempt = async (name: string, op: string, call: () => Promise<Facts | null>) => {
    tell({ name, op, state: 'begun' })
    try {
      tell({ name, op, state: 'done', after: await call() })
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      tell({ name, op: `${op}: ${error.code}`, state: 'refused' })
    }
  }
  for (let step = 0; step < 2000; step++) {
    const names = [...mine.keys()]
    const name = names[roll(names.length || 1)]
    const sandbox = name === undefined ? undefined : mine.get(name)
    const what = roll(12)
    if (name === undefined || !sandbox || (what < 3 && names.length < 4)) {
      const fresh = `${prefix}-${worker}-${made++}`
      const publish = Array.from({ length: roll(3) }, (_, i) => `${port()}:${80 + i}/${roll(2) ? 'tcp' : 'udp'}`)
      await attempt(fresh, 'create', async () => {
        const created = await slipway.sandboxes.create({ name: fresh, network: network(), publish })
        mine.set(fresh, created)
        return factsOf(created)
      })
    } else if (what < 5) {
      await attempt(name, 'remove', async () => {
        await sandbox.remove()
        mine.delete(name)
        return null
      })
    } else if (what < 7)
      await attempt(name, 'connect', async () => {
        await sandbox.connect(network())
        return factsOf(sandbox)
      })
    else if (what < 8)
      await attempt(name, 'disconnect', async () => {
        await sandbox.disconnect(network())
        return factsOf(sandbox)
      })
    else if (what < 9)
      await attempt(name, 'publish', async () => {
        await sandbox.publish(`${port()}:81`)
        return factsOf(sandbox)
      })
    else if (what < 10)
      await attempt(name, 'unpublish', async () => {
        const [first] = sandbox.ports
        await sandbox.unpublish(`${first?.hostPort ?? 1}:${first?.containerPort ?? 1}/${first?.protocol ?? 'tcp'}`)
        return factsOf(sandbox)
      })
    else {
      const shared = `net${roll(3)}`
      if (roll(3) > 0)
        await attempt(shared, 'network create', async () => {
          const number = Number(shared.slice(3))
          await slipway.networks.create({
            name: shared,
            subnets: [
              { subnet: `10.8${number}.0.0/24` },
              ...(number === 1 ? [{ subnet: `fd00:8${number}::/64` }] : []),
            ],
          })
          return { networks: [], ports: [] }
        })
      else
        await attempt(shared, 'network rm', async () => {
          await (await slipway.networks.get(shared)).remove()
          return null
        })
    }
  }
}
