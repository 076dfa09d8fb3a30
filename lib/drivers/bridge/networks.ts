import { SlipwayError } from '../../base/errors.js'
import { familyOf } from '../../base/addresses/ip.js'
import { contains, parseSubnet } from '../../base/addresses/subnet.js'
import { HostState } from '../../kernel/host-state.js'
import { SetContents } from '../../claims/set-contents.js'
import { bridgeInUse } from '../../claims/refusals.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Plan } from '../../plan/operation.js'
import { BRIDGE_GROUP, isPortGroup } from '../../policy/sets.js'
import { readLinkAlias } from '../link-alias.js'
import type { NetworksOf, Seen, ExistingNetworks } from '../networks-of.js'
import { DefaultBridge } from './default-network.js'
import { checkRequest, draftBridge } from './draft-network.js'
import { finishing, lackingOfBridge } from './lacking.js'
import { healLeaves } from './heal-leaves.js'
import { leafElements, readLeafAlias, removeLeaf } from './leaf.js'
import { keepingLearned } from './learned-routes.js'
import { areLeavesWhole, leavesOf } from './leaves.js'
import { leafName } from './leaf-name.js'
import { wasTakenAway } from './lost-bridge.js'
import { forgetNeighbor } from './neighbors.js'
import { claimNetwork, createNetwork, elementsOf, finishNetwork, nameBridge, removeNetwork } from './network.js'
import { isNamedBridge, isNamelessBridge } from './own-bridge.js'
import { BRIDGE_OPTION, type BridgeNetwork } from './spec.js'
import type { BridgeDriverOptions } from '../../base/driver-options.js'
import { DEFAULT_NETWORK, FAMILIES } from '../../store/network-spec.js'

/** Networks on bridges. */
export const networks: NetworksOf<BridgeNetwork> = {
  spellings: {
    bridgeName: BRIDGE_OPTION,
    icc: 'com.docker.network.bridge.enable_icc',
    ipMasq: 'com.docker.network.bridge.enable_ip_masquerade',
    hostBindingIpv4: 'com.docker.network.bridge.host_binding_ipv4',
    hostBindingIpv6: 'com.docker.network.bridge.host_binding_ipv6',
    gatewayModeIpv4: 'com.docker.network.bridge.gateway_mode_ipv4',
    gatewayModeIpv6: 'com.docker.network.bridge.gateway_mode_ipv6',
    inhibitIpv4: 'com.docker.network.bridge.inhibit_ipv4',
    trustedHostInterfaces: 'com.docker.network.bridge.trusted_host_interfaces',
    mtu: 'com.docker.network.driver.mtu',
    interfacePrefix: 'com.docker.network.container_iface_prefix',
    hostIpv4: 'com.docker.network.host_ipv4',
    hostIpv6: 'com.docker.network.host_ipv6',
  } satisfies Record<keyof BridgeDriverOptions, string>,
  check: checkRequest,
  draft: draftBridge,
  create: createNetwork,
  sparing: keepingLearned,
  // A bridge is made and given its alias in one go, and the kernel goes on with the second where it refuses the first.
  async refuseTaken(host, { bridge }) {
    if (await host.find('link', { name: bridge })) throw new SlipwayError('CONFLICT', bridgeInUse(bridge))
  },
  wasTakenAway,
  missing: missingOf,
  isWhole,
  removal,
  refuseOthers,
  elements: (spec, links) => [
    ...elementsOf(spec),
    ...leavesOf(links, spec).flatMap((number) => leafElements(spec, number)),
  ],
  forwarded: ({ subnets, families, internal }) =>
    internal
      ? []
      : FAMILIES.filter(
          (family) =>
            families[family]?.mode !== 'isolated' &&
            subnets.some((subnet) => subnet.family === family && subnet.gateway !== undefined),
        ),

  hostLink: ({ bridge }) => ({ kind: 'bridge', name: bridge }),
  isPart: ({ alias }) => readLeafAlias(alias) !== undefined,
  misnamed,
  leftovers,
  heal: healLeaves,
  forget,
  predefined: { name: DEFAULT_NETWORK, open: (on) => new DefaultBridge(on) },
}

async function missingOf(host: Host, spec: BridgeNetwork): Promise<Plan> {
  const link = await host.find('link', { name: spec.bridge })
  const setContents = new SetContents(host)
  const { record: _, ...withoutRecord } = spec
  if (!link) return keepingLearned(host, await setContents.lacking(createNetwork(withoutRecord)))
  const named = isNamedBridge(link, spec.name)
  if (!named && !(await isNamelessBridge(host, link, spec.name))) {
    throw new SlipwayError(
      'CONFLICT',
      `There is an interface ${spec.bridge}, and it is not the bridge of the network ${spec.name}. If nothing needs it, remove it (ip link delete ${spec.bridge}), and the bridge is made anew.`,
    )
  }
  const own = await lackingOfBridge(new HostState(host), spec, link)
  const claims = await setContents.lacking(claimNetwork(spec))
  const rest = await setContents.lacking(finishNetwork(spec))
  if (named && claims.length + own.length === 0 && !rest.some(({ op }) => op === 'element.add')) return []
  return keepingLearned(host, [...(named ? [] : [nameBridge(spec)]), ...claims, ...finishing(own, rest)])
}

async function isWhole(spec: BridgeNetwork, { links, setContents, state }: Seen): Promise<boolean> {
  const link = links.find(({ name }) => name === spec.bridge)
  if (!link || !isNamedBridge(link, spec.name)) return false
  const lacking = await setContents.lacking([...claimNetwork(spec), ...finishNetwork(spec)])
  return (
    !lacking.some(({ op }) => op === 'element.add') &&
    (await lackingOfBridge(state, spec, link)).length === 0 &&
    (await areLeavesWhole(state, spec, links))
  )
}

/**
 * A link by the name of its bridge that is not its bridge stays: a record may name any, and an administrator may have
 * made one since.
 */
async function removal(host: Host, spec: BridgeNetwork): Promise<Plan> {
  const links = await host.ask('links', {})
  const plan = removeNetwork(
    spec,
    leavesOf(links, spec).map((number) => removeLeaf(spec, number)),
  )
  const there = links.find(({ name }) => name === spec.bridge)
  const isOthers =
    there !== undefined && !isNamedBridge(there, spec.name) && !(await isNamelessBridge(host, there, spec.name))
  return isOthers ? plan.filter((operation) => operation.op !== 'link.delete' || operation.name !== spec.bridge) : plan
}

/**
 * Ports of its bridges that are nobody's sandbox's. Those that are on their way out with a sandbox that was removed do
 * not count.
 */
function refuseOthers(spec: BridgeNetwork, links: readonly LinkInfo[]): void {
  const leaves = leavesOf(links, spec).map((number) => leafName(spec, number))
  const bridges = new Map(
    links.flatMap((link) => (link.name === spec.bridge || leaves.includes(link.name) ? [[link.index, link.name]] : [])),
  )
  const others = links.filter(({ master, group }) => bridges.has(master) && !isPortGroup(group))
  const [first] = others
  if (!first) return
  throw new SlipwayError(
    'CONFLICT',
    `The network ${spec.name} is in use by ${others.map((port) => `the link ${port.name}`).join(', ')}, which is no sandbox's. Take it off the bridge ${bridges.get(first.master)} first: ip link set ${first.name} nomaster.`,
  )
}

/** By its alias, a bridge is known whatever its name is. */
function misnamed(
  links: readonly LinkInfo[],
  { specs, predefined, stateDir }: Parameters<NonNullable<NetworksOf<BridgeNetwork>['misnamed']>>[1],
): ReturnType<NonNullable<NetworksOf<BridgeNetwork>['misnamed']>> {
  const bridges = new Map([...predefined, ...specs.map(({ name, bridge }) => [name, bridge] as const)])
  const leafNameOf = (network: string, number: number): string | undefined => {
    const spec = specs.find((one) => one.name === network)
    if (spec) return leafName(spec, number)
    const bridge = predefined.get(network) ?? ''
    const name = leafName({ id: '', bridge }, number)
    // Of a longer name, the id is a part, which is not known here.
    return name.startsWith(`${bridge}-`) && bridge !== '' ? name : undefined
  }
  return links.flatMap(({ index, name, kind, alias, group }) => {
    if (kind !== 'bridge' || group !== BRIDGE_GROUP) return []
    const leaf = readLeafAlias(alias)
    const its = leaf && leafNameOf(leaf.network, leaf.number)
    if (leaf) return its === undefined || its === name ? [] : [{ index, name, own: its, network: leaf.network }]
    const read = readLinkAlias(alias)
    const own = read?.stateDir === stateDir ? bridges.get(read.name) : undefined
    return read && own !== undefined && own !== name ? [{ index, name, own, network: read.name }] : []
  })
}

/** The bridges of a network are told by their aliases: its own one says where the records are, too. */
function leftovers(
  links: readonly LinkInfo[],
  { specs, kept, entered, predefined, stateDir }: ExistingNetworks<BridgeNetwork>,
): LinkInfo[] {
  const known = new Set(specs.map(({ bridge }) => bridge))
  const names = new Set([...kept, ...specs.map(({ name }) => name)])
  // The ruleset has a bridge by its first name.
  const isRenamed = (own: string, name: string) =>
    entered.has(own) && !entered.has(name) && !links.some((link) => link.name === own)
  return links.filter(({ name, kind, alias, group }) => {
    if (kind !== 'bridge' || group !== BRIDGE_GROUP) return false
    const leaf = readLeafAlias(alias)
    if (leaf) return !names.has(leaf.network)
    const read = readLinkAlias(alias)
    if (read?.stateDir !== stateDir || known.has(name)) return false
    const own = predefined.get(read.name)
    return own === undefined ? !kept.has(read.name) : isRenamed(own, name)
  })
}

/**
 * On which bridge each address has been is not known any more, nor with which MAC address: it is told of every bridge
 * of its subnet, and to be at its own.
 */
function forget(spec: BridgeNetwork, links: readonly LinkInfo[], addresses: readonly string[]): Plan {
  const subnets = spec.subnets.flatMap(({ subnet }) => parseSubnet(subnet) ?? [])
  const bridges = [spec.bridge, ...leavesOf(links, spec).map((number) => leafName(spec, number))].filter((name) =>
    links.some((link) => link.name === name),
  )
  return addresses
    .filter((address) => subnets.some((subnet) => contains(subnet, address)))
    .flatMap((address) =>
      bridges.flatMap((bridge) =>
        forgetNeighbor({ addresses: { [familyOf(address)]: { address } }, mac: '', body: { bridge, icc: spec.icc } }),
      ),
    )
}
