import type { OpenOptions, Sandbox, Slipway } from 'slipway'

/** What processes are killed at: each call, and what is there before it. */

type Name = (name: string) => string

export interface Call {
  /** Whether a sandbox or network may be there or not, each by itself, once it was killed. */
  subjects?: readonly string[]
  /** Makes what is there before it, from what a kill has left. */
  ready(slipway: Slipway, name: Name): Promise<unknown>
  /** What the process does before calls are counted. */
  prepare?(slipway: Slipway): Promise<unknown>
  act(slipway: Slipway, name: Name): Promise<unknown>
  /** How its process opens the host. */
  open?: OpenOptions
  /** Of a host that has nothing of Slipway's yet. */
  first?: true
}

const SIX = ['a', 'b', 'c', 'd', 'e', 'f']

async function find(slipway: Slipway, name: string): Promise<Sandbox | undefined> {
  return (await slipway.sandboxes.list()).find((sandbox) => sandbox.name === name)
}

/** A sandbox that is on these networks and has these ports, and nothing else. */
async function app(slipway: Slipway, name: string, networks: string[], ports: string[]): Promise<void> {
  const sandbox =
    (await find(slipway, name)) ?? (await slipway.sandboxes.create({ name, network: networks[0] ?? 'bridge' }))
  const on = sandbox.endpoints.map(({ network }) => network)
  for (const network of networks.filter((one) => !on.includes(one)))
    await sandbox.connect(network, networks.length > 1 && network === 'web' ? { gwPriority: 1 } : {})
  // Of both IP versions, each is there twice.
  const of = new Set(
    sandbox.ports.map(({ hostPort, containerPort, protocol }) => `${hostPort}:${containerPort}/${protocol}`),
  )
  for (const port of of) if (!ports.includes(port)) await sandbox.unpublish(port)
  // Those of a sandbox on no network rest, and are not listed.
  if (sandbox.endpoints.length > 0) for (const port of ports) if (!of.has(port)) await sandbox.publish(port)
  for (const network of on.filter((one) => !networks.includes(one))) await sandbox.disconnect(network)
}

async function without(slipway: Slipway, ...names: string[]): Promise<void> {
  const found = (await slipway.sandboxes.list()).filter(({ name }) => names.includes(name))
  await Promise.all(found.map((sandbox) => sandbox.remove()))
}

const PORTS = ['8000:80/tcp', '8001:53/udp']
const EXTRA = { name: 'extra', subnets: [{ subnet: '10.5.0.0/24' }, { subnet: 'fd00:5::/64' }] }

const table = {
  'the first create of a host': {
    first: true,
    ready: (slipway, name) => without(slipway, name('app')),
    act: ({ sandboxes }, name) => sandboxes.create({ name: name('app'), publish: PORTS }),
  },
  create: {
    ready: (slipway, name) => without(slipway, name('app')),
    act: ({ sandboxes }, name) => sandboxes.create({ name: name('app'), network: 'web', publish: PORTS }),
  },
  connect: {
    ready: (slipway, name) => app(slipway, name('app'), ['bridge'], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).connect('web', { gwPriority: 1 }),
  },
  'connect to the first network': {
    ready: (slipway, name) => app(slipway, name('app'), [], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).connect('web'),
  },
  disconnect: {
    ready: (slipway, name) => app(slipway, name('app'), ['bridge', 'web'], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).disconnect('web'),
  },
  'disconnect from the last network': {
    ready: (slipway, name) => app(slipway, name('app'), ['web'], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).disconnect('web'),
  },
  publish: {
    ready: (slipway, name) => app(slipway, name('app'), ['bridge', 'web'], []),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).publish(...PORTS),
  },
  unpublish: {
    ready: (slipway, name) => app(slipway, name('app'), ['bridge', 'web'], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).unpublish(...PORTS),
  },
  remove: {
    ready: (slipway, name) => app(slipway, name('app'), ['bridge', 'web'], PORTS),
    act: async ({ sandboxes }, name) => (await sandboxes.get(name('app'))).remove(),
  },
  'network create': {
    ready: async ({ networks }) => {
      for (const network of await networks.list()) if (network.name === 'extra') await network.remove()
    },
    act: ({ networks }) => networks.create(EXTRA),
  },
  'network rm': {
    ready: async ({ networks }) => {
      if (!(await networks.list()).some(({ name }) => name === 'extra')) await networks.create(EXTRA)
    },
    act: async ({ networks }) => (await networks.get('extra')).remove(),
  },
  'pool refill': {
    ready: () => Promise.resolve(),
    open: { pool: { size: 2, networks: ['web'] } },
    act: ({ pool }) => pool.ready(),
  },
  'create from a pool': {
    ready: (slipway, name) => without(slipway, name('app')),
    open: { pool: { size: 1, networks: ['web'] } },
    prepare: ({ pool }) => pool.ready(),
    act: ({ sandboxes }, name) => sandboxes.create({ name: name('app'), network: 'web', publish: PORTS }),
  },
  'six creates at once': {
    subjects: SIX,
    ready: (slipway, name) => without(slipway, ...SIX.map(name)),
    act: ({ sandboxes }, name) =>
      Promise.all(
        SIX.map((one, index) =>
          sandboxes.create({ name: name(one), network: index < 4 ? 'web' : 'bridge', publish: [`${8010 + index}:80`] }),
        ),
      ),
  },
  'six removes at once': {
    subjects: SIX,
    ready: async (slipway, name) => {
      const there = new Set((await slipway.sandboxes.list()).map((sandbox) => sandbox.name))
      for (const [index, one] of SIX.entries())
        if (!there.has(name(one)))
          await slipway.sandboxes.create({ name: name(one), network: 'web', publish: [`${8010 + index}:80`] })
    },
    act: (slipway, name) => without(slipway, ...SIX.map(name)),
  },
} satisfies Record<string, Call>

export type CallName = keyof typeof table

export const calls: Record<CallName, Call> = table
