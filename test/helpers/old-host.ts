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
  id: string
  hostLink: string
  interface: string
  bridge: string
  mac: string
  addresses: Record<string, { address: string; prefix: number; gateway?: string }>
  icc: boolean
}
export interface OldSandbox {
  id: string
  name: string
  path: string
  maker: object
  namespace?: { inode: number; boot: string }
  ports: { protocol: string; containerPort: number; hostIp: string; hostPort: number }[]
  endpoints: OldEndpoint[]
}

/** The default network has no record. */
const DEFAULT: Pick<OldNetwork, 'name' | 'spec'> = {
  name: 'bridge',
  spec: { bridge: 'docker0', mac: '02:42:ac:11:00:01', subnets: [{ prefix: 16, address: '172.17.0.1' }], stateDir: '' },
}

/** A sandbox of the fixture. */
export const oldSandbox = (name: string): OldSandbox =>
  JSON.parse(readFileSync(new URL(`sandboxes/${name}.json`, FIXTURE), 'utf8')) as OldSandbox

const readAll = <T>(folder: string): T[] =>
  readdirSync(new URL(folder, FIXTURE))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(`${folder}/${file}`, FIXTURE), 'utf8')) as T)

export type OldHost = Record<'app' | 'db' | 'front' | 'vault' | 'alone', OldPlace>

export interface OldHostOptions {
  /** What the tables say of theirs. */
  version?: number
  /** Whether rules and elements have counted something, another number each. */
  counted?: boolean
}

/** A sandbox of it. */
export interface OldPlace extends Place {
  readonly id: string
}

/** @returns The sandboxes by the names that the fixture has for them. */
export function layOutOldHost(world: World, { version = 5, counted = false }: OldHostOptions = {}): OldHost {
  const networks = readAll<OldNetwork>('networks')
  const sandboxes = readAll<OldSandbox>('sandboxes')
  const names = sandboxes.map(({ name }) => name)
  execIn(
    world.host,
    'sh',
    '-ec',
    [
      'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1',
      ...[DEFAULT, ...networks].flatMap((network) => bridgeCommands(network, world.stateDir)),
      ...sandboxes.flatMap(({ name, endpoints }) => sandboxCommands(world.name(name), endpoints)),
    ].join('\n'),
  )
  const owners = new RegExp(`comment "(${names.join('|')}) \\(`, 'g')
  const ruleset = readFileSync(new URL('ruleset.nft', FIXTURE), 'utf8')
  let count = 0
  loadRuleset(
    world,
    ruleset
      .replace(owners, (_, name: string) => `comment "${world.name(name)} (`)
      .replaceAll('slipway ruleset 5', `slipway ruleset ${version}`)
      .replace(/counter packets 0 bytes 0/g, (zero) =>
        counted ? `counter packets ${++count} bytes ${100 * count}` : zero,
      ),
  )
  for (const network of networks)
    writeRecord(world, 'networks', 0o644, {
      ...network,
      maker: { ...network.maker, boot: boot() },
      spec: { ...network.spec, stateDir: world.stateDir },
    })
  for (const sandbox of sandboxes) writeSandbox(world, sandbox)
  return Object.fromEntries(
    sandboxes.map(({ name, id }) => [name, { id, name: world.name(name), path: join('/run/netns', world.name(name)) }]),
  ) as OldHost
}

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

/** What makes its namespace and links. */
export function sandboxCommands(netns: string, endpoints: readonly OldEndpoint[]): string[] {
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

/** Its record, by the names and the boot that this world has. */
export function writeSandbox(world: World, sandbox: OldSandbox): void {
  const name = world.name(sandbox.name)
  const path = join('/run/netns', name)
  writeRecord(world, 'sandboxes', 0o744, {
    ...sandbox,
    name,
    path,
    maker: { ...sandbox.maker, boot: boot() },
    ...(sandbox.namespace ? { namespace: { ...sandbox.namespace, inode: statSync(path).ino, boot: boot() } } : {}),
  })
}

const boot = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

function writeRecord(
  { stateDir, host }: World,
  folder: string,
  mode: number,
  record: { name: string } & Record<string, unknown>,
): void {
  const state = join(stateDir, String(statSync(host.path).ino), folder)
  mkdirSync(state, { recursive: true })
  const path = join(state, `${basename(record.name)}.json`)
  writeFileSync(path, `${JSON.stringify(record)}\n`)
  chmodSync(path, mode)
}
