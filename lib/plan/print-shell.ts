import { basename } from 'node:path'
import type { LinkCreate, LinkSet, Operation, PortHold } from './operation.js'
import type { NftOperation } from './print-nft.js'

/** The commands of an operation that is none of nf_tables. */
export function shellCommands(operation: Exclude<Operation, NftOperation>): string[] {
  const { ip, exec } = inNamespace('netns' in operation ? operation.netns : undefined)
  switch (operation.op) {
    case 'netns.create':
      return [`ip netns add ${basename(operation.path)}`]
    case 'netns.bind':
      return [
        `touch ${quote(operation.path)} && mount --bind ${quote(pathOf(operation.from))} ${quote(operation.path)}`,
      ]
    case 'netns.delete':
      return [`ip netns delete ${basename(operation.path)}`]
    case 'netns.check':
      return [
        `test "$(stat -Lc %d:%i ${quote(operation.path)})" = ${operation.namespace.device}:${operation.namespace.inode}${orNot(operation)}`,
      ]
    case 'link.create':
      // The parent is the host's, so the command is run there.
      return [`${operation.link === undefined ? ip : 'ip'} link add ${linkOptions(operation)}`]
    case 'link.set':
      return linkSettings(operation, ip, exec)
    case 'link.rename':
      return [`${ip} link set dev if${operation.index} name ${operation.to}`]
    case 'link.settle':
      return [`${ip} link show dev ${operation.name} > /dev/null`]
    case 'link.check':
      return [`ip -o link show dev ${operation.name} | grep -q '^${operation.index}: '`]
    case 'link.delete':
      return [`${ip} link delete dev ${operation.index === undefined ? operation.name : `if${operation.index}`}`]
    case 'link.deleteGroup':
      return [`${ip} link delete group ${operation.group}`]
    case 'address.add': {
      const broadcast = operation.broadcast ? ` broadcast ${operation.broadcast}` : ''
      const nodad = operation.address.includes(':') ? ' nodad' : ''
      return [`${ip} address add ${operation.address}${broadcast} dev ${operation.link}${nodad}`]
    }
    case 'address.delete':
      return [`${ip} address delete ${operation.address} dev ${operation.link}${orNot(operation)}`]
    case 'route.add':
    case 'route.delete': {
      const via = operation.gateway ? ` via ${operation.gateway}` : ''
      const dev = operation.link ? ` dev ${operation.link}` : ''
      const metric = operation.metric === undefined ? '' : ` metric ${operation.metric}`
      const protocol = operation.protocol === undefined ? '' : ` proto ${operation.protocol}`
      const family = operation.destination === 'default' && !operation.gateway && operation.family === 6 ? ' -6' : ''
      return [
        `${ip}${family} route ${operation.op === 'route.add' ? 'add' : 'delete'} ${operation.destination}${via}${dev}${metric}${protocol}${orNot(operation)}`,
      ]
    }
    case 'fdb.add':
      return [
        `bridge fdb ${operation.exclusive ? 'add' : 'replace'} ${operation.lladdr} dev ${operation.link} master static sticky`,
      ]
    case 'neighbor.add':
      if (operation.proxy) return [`${ip} neighbor add proxy ${operation.address} dev ${operation.link}`]
      return [`${ip} neighbor add ${operation.address} lladdr ${operation.lladdr} nud permanent dev ${operation.link}`]
    case 'neighbor.delete':
      return [
        `${ip} neighbor delete ${operation.proxy ? 'proxy ' : ''}${operation.address} dev ${operation.link}${orNot(operation)}`,
      ]
    // arping and ndisc6 speak for the host's own addresses only.
    case 'neighbor.announce':
      return [
        `: ${operation.address} is at ${operation.lladdr} on ${operation.link}, say by ${operation.address.includes(':') ? 'a neighbour advertisement' : 'ARP'}`,
      ]
    case 'sysctl.write':
      return [`${exec}sysctl -qw ${operation.key}=${quote(operation.value)}`]
    case 'file.create':
      return [
        `mkdir -p ${quote(folder(operation.path))} && printf %s ${quote(operation.content)} > ${quote(operation.path)}`,
      ]
    case 'file.replace':
      return [`printf %s ${quote(operation.content)} > ${quote(operation.path)}`]
    case 'file.check':
      // $( ) cuts newlines off at the end.
      return [`test "$(cat ${quote(operation.path)})" = ${quote(operation.expected.replace(/\n+$/, ''))}`]
    case 'file.mark':
      return [`chmod u+x ${quote(operation.path)}`]
    case 'file.delete':
      return [`rm -f ${quote(operation.path)}`]
    // No command holds a port: it takes a process that stays.
    case 'port.hold':
      return [`# hold ${printHostPort(operation)}: ${ssCommand(operation)}`]
    case 'port.release':
      return [`# release ${printHostPort(operation)}`]
    case 'conntrack.flush':
      return [
        ...operation.addresses.flatMap((address) =>
          ['--orig-src', '--orig-dst', '--reply-src', '--reply-dst'].map(
            (end) => `${forget(address)} ${end} ${address} || true`,
          ),
        ),
        ...(operation.ports ?? []).map(({ address, port, hostPort }) =>
          hostPort === 0
            ? `${forget(address)} -p tcp --dst-nat ${address} || true`
            : `${forget(address)} -p tcp --orig-port-dst ${hostPort} --reply-src ${address} --reply-port-src ${port} || true`,
        ),
      ]
  }
}

const forget = (address: string): string => `conntrack -D${address.includes(':') ? ' -f ipv6' : ''}`

/** What an operation that is optional does where it is refused. */
const orNot = ({ optional }: { optional?: true }): string => (optional ? ' || true' : '')

/** `tcp 192.0.2.1:8080`, `tcp [::]:8080` */
function printHostPort({ protocol, address, port }: Pick<PortHold, 'protocol' | 'address' | 'port'>): string {
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** The command that tells which process has a port: of TCP and SCTP, who listens there. */
export function ssCommand({ protocol, port }: Pick<PortHold, 'protocol' | 'port'>): string {
  const kind = { tcp: 'lt', udp: 'u', sctp: 'lS' }[protocol]
  return `ss -H${kind}np sport = :${port}`
}

function linkOptions(operation: LinkCreate): string {
  const parts = [`name ${operation.name}`]
  const queues = operation.queues ? ` numtxqueues ${operation.queues} numrxqueues ${operation.queues}` : ''
  const mtu = operation.mtu ? ` mtu ${operation.mtu}` : ''
  if (operation.link) parts.push(`link ${operation.link}`)
  if (operation.address) parts.push(`address ${operation.address}`)
  if (operation.group) parts.push(`group ${operation.group}`)
  if (operation.master) parts.push(`master ${operation.master}`)
  const born = operation.link !== undefined && operation.netns !== undefined ? ` netns ${ipNetns(operation.netns)}` : ''
  let text = `${parts.join(' ')}${mtu}${queues}${born} type ${operation.kind}`
  if (operation.id) text += ` id ${operation.id}`
  if (operation.looseBinding) text += ' loose_binding on'
  if (operation.mode) text += ` mode ${operation.mode}`
  if (operation.flag) text += ` ${operation.flag}`
  text += bridgeSwitches(operation)
  if (operation.peer) {
    const address = operation.peer.address ? ` address ${operation.peer.address}` : ''
    text += ` peer name ${operation.peer.name}${address}${mtu}${queues} netns ${ipNetns(operation.peer.netns)}`
  }
  return text
}

const PLAIN_PORT =
  'learning on mcast_flood on bcast_flood on isolated off proxy_arp off proxy_arp_wifi off neigh_suppress off'

/** What a bridge is told to do, in words of `ip link`. */
function bridgeSwitches(operation: LinkCreate | LinkSet): string {
  let text = ''
  if ('stp' in operation && !operation.stp) text += ' stp_state 0'
  if ('vlanFiltering' in operation && !operation.vlanFiltering) text += ' vlan_filtering 0'
  if (operation.multicastSnooping === false) text += ' mcast_snooping 0'
  if (operation.linkLocalLearning === false) text += ' no_linklocal_learn 1'
  return text
}

function linkSettings(operation: LinkSet, ip: string, exec: string): string[] {
  const set = `${ip} link set dev ${operation.index === undefined ? operation.name : `if${operation.index}`}`
  const commands: string[] = []
  if (operation.master !== undefined) commands.push(`${set} master ${operation.master}`)
  const switches = bridgeSwitches(operation)
  if (switches !== '') commands.push(`${set} type bridge${switches}`)
  if (operation.address !== undefined) commands.push(`${set} address ${operation.address}`)
  if (operation.alias !== undefined) commands.push(`${set} alias ${quote(operation.alias)}`)
  if (operation.mtu !== undefined) commands.push(`${set} mtu ${operation.mtu}`)
  if (operation.group !== undefined) commands.push(`${set} group ${operation.group}`)
  if (operation.hairpin !== undefined)
    commands.push(`${set} type bridge_slave hairpin ${operation.hairpin ? 'on' : 'off'}`)
  if (operation.isolated !== undefined)
    commands.push(`${set} type bridge_slave isolated ${operation.isolated ? 'on' : 'off'}`)
  if (operation.flood !== undefined) commands.push(`${set} type bridge_slave flood ${operation.flood ? 'on' : 'off'}`)
  if (operation.groupForwardMask !== undefined)
    commands.push(`${set} type bridge_slave group_fwd_mask ${operation.groupForwardMask}`)
  if (operation.plainPort) commands.push(`${set} type bridge_slave ${PLAIN_PORT}`)
  if (operation.forwards) commands.push(`${set} type bridge_slave state 3`)
  if (operation.noIpv6Address) commands.push(`${set} addrgenmode none`)
  if (operation.ipv6 !== undefined)
    commands.push(`${exec}sysctl -qw net/ipv6/conf/${operation.name}/disable_ipv6=${operation.ipv6 ? 0 : 1}`)
  const ipv4 = {
    rp_filter: operation.rpFilter,
    arp_ignore: operation.arpIgnore,
    route_localnet: operation.routeLocalnet,
    forwarding: operation.forwarding,
  }
  for (const [key, value] of Object.entries(ipv4)) {
    if (value !== undefined) commands.push(`${exec}sysctl -qw net/ipv4/conf/${operation.name}/${key}=${Number(value)}`)
  }
  if (operation.up !== undefined) commands.push(`${set} ${operation.up ? 'up' : 'down'}`)
  return commands
}

function inNamespace(netns: string | undefined): { ip: string; exec: string } {
  if (netns === undefined) return { ip: 'ip', exec: '' }
  const name = nameOf(netns)
  if (name !== undefined) return { ip: `ip -n ${name}`, exec: `ip netns exec ${name} ` }
  const exec = `nsenter --net=${quote(netns)} `
  return { ip: `${exec}ip`, exec }
}

/** The name that ip(8) has for a namespace; `undefined` for one that only a path leads to. */
const nameOf = (netns: string): string | undefined => /^(?:\/run\/netns\/)?([^/]+)$/.exec(netns)?.[1]

/** A namespace as an option of `ip link`. */
const ipNetns = (netns: string): string => nameOf(netns) ?? quote(netns)

/** A spare namespace has a name here, as no command holds one by a descriptor. */
const pathOf = (netns: string): string => (netns.includes('/') ? netns : `/run/netns/${netns}`)

const folder = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** A word as a shell reads it. */
export const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
