import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execIn, type Place, type World } from './world.js'

/** A world's host as Slipway 0.1.0 has left it: its ruleset and records as they were written, and links after these. */

const FIXTURE = new URL('../../test/fixtures/0.1.0/', import.meta.url)

/** Interface groups of 0.1.0: bridges, their ports, and ports of bridges without icc. */
const GROUPS = { bridge: 0x736f, port: 0x736c, separated: 0x736d }

interface Subnet {
  prefix: number
  address: string
}
interface OldNetwork {
  name: string
  spec: { bridge: string; mac: string; subnets: Subnet[]; stateDir: string }
  maker: object
}
interface OldEndpoint {
  hostLink: string
  interface: string
  bridge: string
  mac: string
  addresses: Record<string, { address: string; prefix: number; gateway?: string }>
  icc: boolean
}
interface OldSandbox {
  name: string
  path: string
  maker: object
  namespace?: { inode: number; boot: string }
  endpoints: OldEndpoint[]
}

/** The default network has no record. */
const DEFAULT: Pick<OldNetwork, 'name' | 'spec'> = {
  name: 'bridge',
  spec: { bridge: 'docker0', mac: '02:42:ac:11:00:01', subnets: [{ prefix: 16, address: '172.17.0.1' }], stateDir: '' },
}

const readAll = <T>(folder: string): T[] =>
  readdirSync(new URL(folder, FIXTURE))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(`${folder}/${file}`, FIXTURE), 'utf8')) as T)

/**
 * @param version - What the tables say of theirs.
 * @returns The sandboxes by the names that the fixture has for them.
 */
export function layOutOldHost(world: World, version = 5): Record<string, Place> {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const networks = readAll<OldNetwork>('networks')
  const sandboxes = readAll<OldSandbox>('sandboxes')
  const names = sandboxes.map(({ name }) => name)
  execIn(
    world.host,
    'sh',
    '-ec',
    [
      'sysctl -qw net.ipv4.ip_forward=1',
      ...[DEFAULT, ...networks].flatMap((network) => bridgeCommands(network, world.stateDir)),
      ...sandboxes.flatMap(({ name, endpoints }) => sandboxCommands(world.name(name), endpoints)),
    ].join('\n'),
  )
  const owners = new RegExp(`comment "(${names.join('|')}) \\(`, 'g')
  const ruleset = readFileSync(new URL('ruleset.nft', FIXTURE), 'utf8')
  loadRuleset(
    world,
    ruleset
      .replace(owners, (_, name: string) => `comment "${world.name(name)} (`)
      .replaceAll('slipway ruleset 5', `slipway ruleset ${version}`),
  )
  const state = join(world.stateDir, String(statSync(world.host.path).ino))
  for (const network of networks)
    writeRecord(state, 'networks', 0o644, {
      ...network,
      maker: { ...network.maker, boot },
      spec: { ...network.spec, stateDir: world.stateDir },
    })
  for (const sandbox of sandboxes) {
    const name = world.name(sandbox.name)
    const path = join('/run/netns', name)
    writeRecord(state, 'sandboxes', 0o744, {
      ...sandbox,
      name,
      path,
      maker: { ...sandbox.maker, boot },
      ...(sandbox.namespace ? { namespace: { ...sandbox.namespace, inode: statSync(path).ino, boot } } : {}),
    })
  }
  return Object.fromEntries(names.map((name) => [name, placeOf(world, name)]))
}

const placeOf = (world: World, name: string): Place => ({
  name: world.name(name),
  path: join('/run/netns', world.name(name)),
})

function bridgeCommands({ name, spec }: Pick<OldNetwork, 'name' | 'spec'>, stateDir: string): string[] {
  const { bridge, mac, subnets } = spec
  return [
    `ip link add name ${bridge} address ${mac} group ${GROUPS.bridge} type bridge mcast_snooping 0`,
    `ip link set dev ${bridge} alias "slipway network ${name}, records in ${stateDir}"`,
    `ip link set dev ${bridge} addrgenmode none`,
    `ip link set dev ${bridge} up`,
    `sysctl -qw net.ipv4.conf.${bridge}.route_localnet=1`,
    ...(subnets.some(({ address }) => address.includes(':')) ? [`ip address add fe80::1/64 dev ${bridge} nodad`] : []),
    ...subnets.map(({ address, prefix }) => `ip address add ${address}/${prefix} dev ${bridge}${nodad(address)}`),
  ]
}

const nodad = (address: string): string => (address.includes(':') ? ' nodad' : ' broadcast +')

function sandboxCommands(netns: string, endpoints: readonly OldEndpoint[]): string[] {
  const inside = (command: string) => `ip -n ${netns} ${command}`
  return [
    `ip netns add ${netns}`,
    inside('link set dev lo up'),
    ...endpoints.flatMap((endpoint) => {
      const { hostLink, interface: link, bridge, mac, addresses, icc } = endpoint
      const group = icc ? GROUPS.port : GROUPS.separated
      return [
        `ip link add name ${hostLink} group ${group} type veth peer name ${link} address ${mac} netns ${netns}`,
        `ip link set dev ${hostLink} addrgenmode none master ${bridge}`,
        `bridge link set dev ${hostLink} hairpin on flood off`,
        `bridge fdb replace ${mac} dev ${hostLink} master static`,
        `ip link set dev ${hostLink} up`,
        inside(`link set dev ${link} addrgenmode none up`),
        ...Object.values(addresses).map(({ address, prefix }) =>
          inside(`address add ${address}/${prefix} dev ${link}${nodad(address)}`),
        ),
        // The last that is connected leads to the world.
        ...Object.values(addresses).flatMap(({ gateway }) =>
          gateway === undefined ? [] : [inside(`route replace default via ${gateway} dev ${link}`)],
        ),
      ]
    }),
  ]
}

/** As `nft -f` reads it. */
export const loadRuleset = (world: World, text: string): string =>
  execIn(world.host, 'sh', '-c', `nft -f - <<'NFT'\n${text}\nNFT`)

function writeRecord(
  state: string,
  folder: string,
  mode: number,
  record: { name: string } & Record<string, unknown>,
): void {
  mkdirSync(join(state, folder), { recursive: true })
  const path = join(state, folder, `${basename(record.name)}.json`)
  writeFileSync(path, `${JSON.stringify(record)}\n`)
  chmodSync(path, mode)
}
