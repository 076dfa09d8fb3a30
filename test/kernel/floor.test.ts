import { fileURLToPath } from 'node:url'
import { rmSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { CreateOptions, Sandbox, Slipway } from 'slipway'
import { kernelState } from '../helpers/snapshot.js'
import { execIn, ip, World, type Place } from '../helpers/world.js'

/**
 * The benchmark compares Slipway with a C++ program that sends the same messages. So what it makes is what Slipway
 * makes: each makes a sandbox on a host of its own, and what the kernel then has is compared.
 */

const FLOOR = fileURLToPath(new URL('../../build/floor/floor', import.meta.url))

interface Case {
  create: CreateOptions
  network?: Parameters<Slipway['networks']['create']>[0]
  /** Of the floor: what Slipway finds out. */
  floor: string[]
}

const cases: Record<string, Case> = {
  'on the default bridge, with a published port': {
    create: { publish: ['20000:80'] },
    floor: ['endpoints', '--first-address=172.17.0.3', '--first-port=20000'],
  },
  'on a macvlan network': {
    create: { network: 'lan' },
    network: {
      name: 'lan',
      driver: 'macvlan',
      options: { parent: 'uplink' },
      subnets: [{ subnet: '10.200.0.0/16', gateway: '10.200.0.1' }],
    },
    floor: ['endpoints', '--first-address=10.200.0.3', '--parent=uplink', '--kind=macvlan'],
  },
}

for (const [title, { create, network, floor }] of Object.entries(cases)) {
  test.serial(`an endpoint ${title} is what Slipway makes`, async (t) => {
    const made = await host(t, create, network)
    const one = await made.world.create(made.slipway, 'one', create)
    const bySlipway = stateOf(made.world, one)

    const typed = await host(t, create, network)
    t.deepEqual(stateOf(typed.world, { path: byFloor(t, typed.world, floor) }), bySlipway)
  })
}

test.serial('what the floor takes away on a segment, it takes away wholly', async (t) => {
  const { network, create } = cases['on a macvlan network'] as Case
  const { world } = await host(t, create, network)
  const before = kernelState(world.host)
  execIn(world.host, FLOOR, 'segment', '--count=3', '--parent=uplink', '--first-address=10.200.0.3')
  t.deepEqual(kernelState(world.host), before)
})

/** A host with the network, whose first address is taken. */
async function host(t: ExecutionContext, create: CreateOptions, network: Case['network']) {
  const world = new World(t)
  const slipway = await world.open()
  if (network) await slipway.networks.create(network)
  await world.create(slipway, 'first', { ...create, publish: [] })
  return { world, slipway }
}

function byFloor(t: ExecutionContext, world: World, args: readonly string[]): string {
  const [address = ''] = /\d+(\.\d+){3}/.exec(args.join(' ')) ?? []
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const path = `/run/netns/floor${number}`
  t.teardown(() => {
    ip('netns', 'delete', `floor${number}`)
    rmSync(path, { force: true })
  })
  execIn(world.host, FLOOR, ...args, '--count=1')
  return path
}

/** What both must have made alike: the names, which are their own, are left out. */
function stateOf({ host: place, stateDir }: World, { path }: Pick<Sandbox, 'path'>): unknown {
  const { links, elements } = kernelState(place)
  // Without what changes by itself, as a link's state does when a cable is felt.
  const { links: linksInside, addresses, routes } = kernelState({ name: '', path })
  const told = {
    links,
    elements: elements.filter((line) => !line.includes('-first')),
    frames: ipBridge(place).filter((line) => line.includes('sticky')),
    inside: { links: linksInside, addresses, routes },
  }
  return JSON.parse(
    JSON.stringify(told)
      .replaceAll(stateDir, 'STATE')
      .replaceAll(/veth[0-9a-f]{11}/g, 'VETH')
      .replaceAll(/\\?"comment\\?":\\?"[^"]*"/g, '')
      // Of the host's end, and of what leads to neither.
      .replaceAll(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, (mac) => (mac.startsWith('02:42:') ? mac : 'MAC')),
  )
}

const ipBridge = (place: Place): string[] => execIn(place, 'bridge', 'fdb', 'show').split('\n')
