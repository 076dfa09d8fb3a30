import test from 'ava'
import type { CreateOptions, OpenOptions } from 'slipway'
import { connectEndpoint, disconnectEndpoint } from '#lib/drivers/plans/connect.js'
import { createSandbox } from '#lib/drivers/plans/create.js'
import { createNetwork, removeNetwork } from '#lib/drivers/bridge/network.js'
import { createLeaf, removeLeaf } from '#lib/drivers/bridge/leaf.js'
import { leafName } from '#lib/drivers/bridge/leaf-name.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import { Host } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { printPlan } from '#lib/plan/print.js'
import { inParts } from '../helpers/plans/in-parts.js'
import {
  changeOf,
  circumstancesOf,
  endpointOn,
  networkOf,
  published,
  sandboxOf,
  type NetworkOptions,
} from '../helpers/plans/specs.js'
import { difference, kernelState, readFiles } from '../helpers/snapshot.js'
import { lasting, execIn, HOST_ADDRESS, ip, World, type Place, type WorldOptions } from '../helpers/world.js'

/**
 * The plan as text, run by a shell, builds what Slipway builds: the shell in one fresh host, Slipway in another, and
 * the kernel's state of both compared.
 */

interface Case {
  world?: WorldOptions
  open?: OpenOptions
  create?: CreateOptions
  /** Sandboxes that are there already: the plan is then the plan of one more. */
  before?: number
}

const cases: Record<string, Case> = {
  'the first sandbox: ruleset, bridge and all': {},
  'one more sandbox': { before: 1 },
  'published ports': { create: { publish: ['8080:80', '5353:53/udp', `${HOST_ADDRESS}:8081:80`, '9000-9009:90-99'] } },
  'without br_netfilter': { world: { bridgeCallsIptables: false }, create: { publish: ['8080:80'] } },
  'options of the bridge': {
    open: { bip: '10.9.0.1/24', mtu: 1400, icc: false, ipMasq: false, defaultGateway: '10.9.0.5' },
  },
  "address and MAC of one's own": { create: { ip: '172.17.8.8', mac: '02:00:00:00:08:08' } },
  'network none': { create: { network: 'none' } },
  'network host': { create: { network: 'host' } },
}

for (const [title, { world: options = {}, open = {}, create = {}, before = 0 }] of Object.entries(cases)) {
  test.serial(title, async (t) => {
    const typed = new World(t, options)
    const built = new World(t, options)
    const normalise = normaliser(typed, built)
    // One name in both hosts, one after the other: /run/netns is the same for both.
    const request = { name: built.name('one'), ...create }

    const explainer = await typed.open(open)
    for (let n = 0; n < before; n++) await typed.create(explainer, `before-${n}`)
    execIn(typed.host, 'sh', '-euc', await explainer.sandboxes.explain(request))
    const byShell = state(typed, request)
    if (create.network !== 'host') ip('netns', 'delete', request.name)

    const slipway = await built.open(open)
    for (let n = 0; n < before; n++) await built.create(slipway, `before-${n}`)
    await slipway.sandboxes.create(request)
    const bySlipway = state(built, request)

    t.deepEqual(difference(normalise(byShell), normalise(bySlipway)), [])
  })
}

/** A sandbox that publishes on one network, joins another that becomes its way to the world, and leaves it again. */
const networks: Record<string, NetworkOptions & { leaf?: true }> = {
  'dual stack': {},
  'IPv6 only': { ipv4: false },
  'routed, with trusted interfaces': { mode: 'routed', trusted: ['uplink'] },
  'unprotected, from addresses of choice': { mode: 'nat-unprotected', source: { 4: '192.0.2.2', 6: 'fd00:99::2' } },
  'internal, without icc': { internal: true, icc: false },
  isolated: { internal: true, mode: 'isolated' },
  'on a leaf': { leaf: true },
  'on a leaf, internal': { leaf: true, internal: true },
  'MTU and interface prefix': { mtu: 1400, interfacePrefix: 'net' },
}

for (const [title, options] of Object.entries(networks)) {
  test.serial(`a network (${title}), joined and left again`, async (t) => {
    const typed = new World(t)
    const built = new World(t)
    const normalise = normaliser(typed, built)
    const name = built.name('app')
    const byShell: Sections[] = []
    for (const plan of lifeOn(options, name, typed.stateDir)) {
      execIn(typed.host, 'sh', '-euc', printPlan(plan))
      byShell.push(state(typed, { name }))
    }
    ip('netns', 'delete', name)

    const host = new Host(built.host.path)
    t.teardown(() => host.close())
    for (const [index, plan] of lifeOn(options, name, built.stateDir).entries()) {
      await host.run(plan)
      // The kernel adds its own routes of IPv6 a moment after an address.
      const differences = () => difference(normalise(byShell[index] ?? {}), normalise(state(built, { name })))
      t.deepEqual(await lasting(() => differences()), [], `plan ${index}`)
    }
  })
}

/** Plans that follow each other; from the first on, there is the sandbox. */
function lifeOn({ leaf, ...options }: NetworkOptions & { leaf?: true }, name: string, stateDir: string): Plan[] {
  const where = { path: `/run/netns/${name}`, stateDir }
  const home = networkOf('home', { ipv6: true }, stateDir)
  const other = networkOf(
    'other',
    {
      ipv6: true,
      ...options,
      subnets: ['10.9.0.0/24', 'fd00:9::/64'].slice(options.ipv4 === false ? 1 : 0).map((subnet) => ({ subnet })),
    },
    stateDir,
  )
  const first = endpointOn(home)
  const ports = published([first], [home], '8080:80', '5353:53/udp')
  const second = endpointOn(other, { gwPriority: 1 }, [first], ...(leaf ? [leafName(other, 1)] : []))
  const both = [first, second]
  return [
    [
      ...rulesetPlan(),
      ...createNetwork(home),
      ...createSandbox(sandboxOf([first], ports, where), circumstancesOf(home, true)),
    ],
    [...createNetwork(other), ...(leaf ? createLeaf(other, 1) : [])],
    connectEndpoint(changeOf([first], ports, both, where), second, circumstancesOf(other, true)),
    ...Object.values(inParts('disconnect', disconnectEndpoint(changeOf(both, ports, [first], where), second))),
    removeNetwork(other, leaf ? [removeLeaf(other, 1)] : []),
  ]
}

type Sections = Record<string, string[]>

/** All that there is of a host and a sandbox. */
function state(world: World, { name = '', network }: CreateOptions): Record<string, string[]> {
  const places: Record<string, Place> = {
    host: world.host,
    ...(network === 'host' ? {} : { sandbox: { name, path: `/run/netns/${name}` } }),
  }
  const sections = Object.entries(places).flatMap(([who, place]) =>
    Object.entries(kernelState(place)).map(([what, lines]) => [`${who}'s ${what}`, lines]),
  )
  return {
    ...(Object.fromEntries(sections) as Record<string, string[]>),
    records: Object.values(readFiles(world.stateDir)),
  }
}

// Elements come by their keys, some of which are drawn by lot.
const inOrder = (section: string, lines: string[]) => (section === "host's elements" ? lines.sort() : lines)

/** Replaces what differs between two makings of the same: ids and what is named after them, numbers of links, times. */
function normaliser(...worlds: World[]) {
  const normalise = (line: string) =>
    line
      .replaceAll(new RegExp(worlds.map(({ prefix }) => prefix).join('|'), 'g'), 'PREFIX')
      .replaceAll(new RegExp(worlds.map(({ stateDir }) => stateDir).join('|'), 'g'), 'STATE')
      .replace(/\b[0-9a-f]{64}\b/g, 'ID')
      .replace(/\([0-9a-f]{12}\)/g, '(ID)')
      .replace(/\bveth[0-9a-f]{11}\b/g, 'vethID')
      .replace(/"(ifindex|link_index|link_netnsid)":\d+/g, '"$1":0')
      // The host's end of a veth has a MAC address by lot; these are those of bridges and sandboxes.
      .replace(/"address":"(?!02:42|02:00:00|00:00)[0-9a-f:]{17}"/g, '"address":"RANDOM"')
      .replace(/"(created|started)":"[^"]*"/g, '"$1":"TIME"')
  return (sections: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(sections).map(([name, lines]) => [name, inOrder(name, lines.map(normalise))]))
}
