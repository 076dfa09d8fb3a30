import type { IpFamily } from '#lib/base/addresses/ip.js'
import type { SubnetRequest } from '#lib/base/addresses/subnet-request.js'
import type { Settings } from '#lib/base/settings.js'
import { completeIpam } from '#lib/claims/addresses/complete.js'
import { poolOf } from '#lib/claims/addresses/pool-of-subnet.js'
import { ipvlan } from '#lib/drivers/ipvlan/index.js'
import { linkAlias } from '#lib/drivers/link-alias.js'
import { macvlan } from '#lib/drivers/macvlan/index.js'
import type { HostView } from '#lib/drivers/networks-of.js'
import { connectEndpoint, disconnectEndpoint } from '#lib/drivers/plans/connect.js'
import { createSandbox } from '#lib/drivers/plans/create.js'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { deleteUnfiltered } from '#lib/drivers/plans/delete-unfiltered.js'
import { vlanAlias } from '#lib/drivers/segment/parent.js'
import type { SegmentEndpoint } from '#lib/drivers/segment/endpoints.js'
import type { SegmentNetwork } from '#lib/drivers/segment/spec.js'
import type { Host } from '#lib/kernel/host.js'
import type { LinkInfo } from '#lib/kernel/native.js'
import type { Plan } from '#lib/plan/operation.js'
import type { EndpointRequest } from '#lib/store/endpoint.js'
import { inParts } from './in-parts.js'
import { changeOf, endpointOn, idOf, networkOf, POOLS, sandboxOf, STATE_DIR } from './specs.js'

/** Networks on the segment of eth0, a sandbox that comes and goes there, and one on a bridge that joins and leaves. */

interface Kind {
  driver?: 'macvlan' | 'ipvlan'
  options?: Readonly<Record<string, string>>
  subnets?: SubnetRequest[]
  internal?: boolean
  asked?: EndpointRequest
}

const BOTH: SubnetRequest[] = [{ subnet: '192.0.2.0/24' }, { subnet: 'fd00:99::/64' }]
const ROUTED: SubnetRequest[] = [
  { subnet: '192.0.2.0/24', gateway: '192.0.2.254', ipRange: '192.0.2.128/25' },
  { subnet: 'fd00:99::/64', gateway: 'fd00:99::fe' },
]
const eth0 = { parent: 'eth0' }

const KINDS: Readonly<Record<string, Kind>> = {
  macvlan: { options: eth0 },
  'macvlan-gateway': { options: eth0, subnets: ROUTED },
  'macvlan-internal': { options: eth0, subnets: ROUTED, internal: true },
  'macvlan-private-mtu': {
    options: { ...eth0, macvlan_mode: 'private', 'com.docker.network.driver.mtu': '1400' },
  },
  'macvlan-passthru': { options: { ...eth0, macvlan_mode: 'passthru' } },
  'macvlan-mac': { options: eth0, subnets: BOTH, asked: { ip: '192.0.2.77', mac: '02:00:00:00:00:77' } },
  'macvlan-vlan': { options: { parent: 'eth0.50' } },
  'macvlan-no-parent': { subnets: BOTH },
  'macvlan-shim': { options: { ...eth0, host_shim: 'true' }, subnets: BOTH },
  ipvlan: { driver: 'ipvlan', options: eth0, subnets: BOTH },
  'ipvlan-l3': { driver: 'ipvlan', options: { ...eth0, ipvlan_mode: 'l3' }, subnets: BOTH },
  'ipvlan-l3s-vepa': { driver: 'ipvlan', options: { ...eth0, ipvlan_mode: 'l3s', ipvlan_flag: 'vepa' } },
  'ipvlan-vlan-shim': { driver: 'ipvlan', options: { parent: 'eth0.50', host_shim: 'true' }, subnets: BOTH },
  'ipvlan-no-parent': { driver: 'ipvlan' },
}

const link = (name: string, index: number, more: Partial<LinkInfo> = {}): LinkInfo => ({
  index,
  name,
  kind: '',
  alias: '',
  address: '02:00:00:00:00:01',
  master: 0,
  link: 0,
  linkElsewhere: false,
  group: 0,
  mtu: 1500,
  settings: 0,
  up: true,
  carrier: true,
  ...more,
})

/** A host with eth0, where nothing else is. */
const EMPTY: HostView = {
  masterOf: () => Promise.resolve(undefined),
  pools: () => POOLS,
  link: async (name) => (name === 'eth0' ? link('eth0', 2) : undefined),
  networks: async () => [],
  has: async () => false,
  occupied: async () => [],
}

/** What such a host answers once the network is there, and a link of it inside. */
function hostWith(spec: SegmentNetwork, inside: string): Host {
  const alias = linkAlias(spec)
  const links = [
    link('eth0', 2),
    ...(spec.made
      ? [
          link(spec.parent, 3, {
            kind: spec.made,
            alias: spec.made === 'vlan' ? vlanAlias({ driver: spec.driver as 'macvlan' }, STATE_DIR) : alias,
          }),
        ]
      : []),
    ...(spec.shim ? [link(spec.shim.name, 4, { kind: spec.driver, alias })] : []),
  ]
  const parent = links.find(({ name }) => name === spec.parent)?.index ?? 0
  const within = [link('lo', 1), link(inside, 5, { kind: spec.driver, link: parent, linkElsewhere: true })]
  const find = async (question: string, { netns, name }: { netns?: string; name?: string }) =>
    question === 'link' ? links.find((one) => one.name === name) : netns === undefined ? links : within
  return { find } as unknown as Host
}

async function networkFor({
  driver: kind = 'macvlan',
  options = {},
  subnets,
  internal = false,
}: Kind): Promise<SegmentNetwork> {
  const driver = kind === 'macvlan' ? macvlan : ipvlan
  const request = { name: 'lan', internal, options, subnets: subnets ?? [] }
  const {
    router,
    complete,
    mayOverlap,
    internal: inner = internal,
    ...draft
  } = await driver.networks.draft(request, EMPTY, { stateDir: STATE_DIR } as Settings)
  const addresses = completeIpam(
    {
      ...(subnets ? { subnets } : {}),
      ipv4: true,
      ipv6: subnets?.some(({ subnet }) => subnet?.includes(':')) ?? false,
      router,
      internal: inner,
    },
    { pools: POOLS, occupied: [], mayOverlap },
  )
  const record = { path: `${STATE_DIR}/networks/lan.json`, content: '{"name":"lan"}\n' }
  return complete({
    id: idOf('lan'),
    name: 'lan',
    driver: kind,
    ...draft,
    subnets: addresses,
    internal: inner,
    stateDir: STATE_DIR,
    record,
  })
}

async function endpointFor(
  spec: SegmentNetwork,
  host: Host,
  name: string,
  asked: EndpointRequest = {},
): Promise<SegmentEndpoint> {
  const taken: Partial<Record<IpFamily, { address: string; subnet: SegmentNetwork['subnets'][number] }>> = {}
  for (const subnet of spec.subnets) {
    const address = asked[subnet.family === 4 ? 'ip' : 'ip6'] ?? poolOf(subnet).take()
    if (address !== undefined) taken[subnet.family] ??= { address, subnet }
  }
  const driver = spec.driver === 'macvlan' ? macvlan : ipvlan
  const use = await driver.use(spec, host, { portsPerBridge: 1 })
  return use.draft(idOf('endpoint'), name, taken, asked)
}

async function plansOf(kind: Kind): Promise<Readonly<Record<string, Plan>>> {
  const spec = await networkFor(kind)
  const driver = spec.driver === 'macvlan' ? macvlan : ipvlan
  const { path } = sandboxOf([])
  const circumstances = { moment: undefined, ...(spec.record ? { network: spec.record } : {}) }
  const host = hostWith(spec, 'eth0')
  const alone = await endpointFor(spec, host, 'eth0', kind.asked)
  const sandbox = sandboxOf([alone])
  const web = endpointOn(networkOf('web', { subnets: [{ subnet: '10.1.0.0/24' }] }))
  const beside = await endpointFor(spec, host, 'eth1', kind.asked)
  return {
    'network create lan': driver.networks.create(spec),
    'create app --network lan': createSandbox(sandbox, circumstances),
    ...inParts(
      'rm app',
      removeSandbox({ ...sandbox, unfiltered: await deleteUnfiltered(host, { path }, [alone], []) }),
    ),
    'connect lan app': connectEndpoint(changeOf([web], [], [web, beside]), beside, circumstances),
    ...inParts(
      'disconnect lan app',
      disconnectEndpoint(
        changeOf([web, beside], [], [web]),
        beside,
        await deleteUnfiltered(hostWith(spec, 'eth1'), { path }, [beside], [web]),
      ),
    ),
    'network rm lan': await driver.networks.removal(host, spec),
  }
}

const all = await Promise.all(
  Object.entries(KINDS).map(async ([name, kind]) => [`segment-${name}`, await plansOf(kind)] as const),
)

/** By name of the golden plan. */
export const segments: Readonly<Record<string, Readonly<Record<string, Plan>>>> = Object.fromEntries(all)
