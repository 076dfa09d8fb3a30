import { basename } from 'node:path'
import type { Element, LinkCreate, LinkSet, Operation, Plan, PortHold, SetDefinition, Statement } from './operation.js'

/**
 * A plan as the commands that a person would have typed, one a line; neighbouring nf_tables operations stand together
 * in one `nft -f` transaction. Run by a shell, the text builds what the executor builds: a kernel test does so and
 * compares.
 */
export function printPlan(plan: Plan): string {
  const lines: string[] = []
  let transaction: string[] = []
  const commit = () => {
    if (transaction.length > 0) lines.push("nft -f - <<'NFT'", ...transaction, 'NFT')
    transaction = []
  }
  for (const operation of plan) {
    const inNft = nftCommands(operation)
    if (inNft) {
      transaction.push(...inNft)
    } else {
      commit()
      lines.push(...shellCommands(operation))
    }
  }
  commit()
  return lines.map((line) => `${line}\n`).join('')
}

/** One operation in one line, for error messages. */
export function printOperation(operation: Operation): string {
  return (nftCommands(operation)?.map((command) => `nft ${command}`) ?? shellCommands(operation)).join('; ')
}

function nftCommands(operation: Operation): string[] | undefined {
  switch (operation.op) {
    case 'table.add':
      return [`create table ${operation.family} ${operation.table}${operation.comment ? ` { comment "${operation.comment}"; }` : ''}`]
    case 'table.delete':
      return [`delete table ${operation.family} ${operation.table}`]
    case 'chain.add': {
      const hook = operation.hook
        ? `type ${operation.type} hook ${operation.hook} priority ${operation.priority}; policy ${operation.policy}; `
        : ''
      const comment = operation.comment ? `comment "${operation.comment}"; ` : ''
      return [`create chain ${operation.family} ${operation.table} ${operation.chain} { ${hook}${comment}}`]
    }
    case 'rule.add': {
      const comment = operation.comment ? ` comment "${operation.comment}"` : ''
      const text = operation.statements.map(printStatement).join(' ')
      return [`add rule ${operation.family} ${operation.table} ${operation.chain} ${text}${comment}`]
    }
    case 'set.add': {
      const type = operation.dataType ? `${operation.type} : ${operation.dataType}` : operation.type
      const parts = [`type ${type};`]
      if (operation.interval) parts.push('flags interval;')
      if (operation.counter) parts.push('counter;')
      if (operation.comment) parts.push(`comment "${operation.comment}";`)
      return [`create ${operation.dataType ? 'map' : 'set'} ${place(operation)} { ${parts.join(' ')} }`]
    }
    case 'chain.delete':
      return [`delete chain ${operation.family} ${operation.table} ${operation.chain}`]
    case 'set.delete':
      return [`delete set ${operation.family} ${operation.table} ${operation.set}`]
    case 'element.add':
      return operation.elements.map((element) => `create element ${place(operation)} { ${printElement(operation, element)} }`)
    case 'element.delete':
      return operation.elements.map((element) => `delete element ${place(operation)} { ${printKey(operation, element.key)} }`)
    default:
      return undefined
  }
}

const place = (set: SetDefinition) => `${set.family} ${set.table} ${set.set}`

function printElement(set: SetDefinition, element: Element): string {
  const comment = element.comment ? ` comment "${element.comment}"` : ''
  return `${printKey(set, element.key)}${comment}${element.data ? ` : ${element.data}` : ''}`
}

// nft wants interface names in quotes.
function printKey(set: SetDefinition, key: string): string {
  const types = set.type.split(' . ')
  return key
    .split(' . ')
    .map((part, index) => (types[index] === 'ifname' ? `"${part}"` : part))
    .join(' . ')
}

/** A statement in nft's words. */
export function printStatement(statement: Statement): string {
  if ('counter' in statement) return 'counter'
  if ('masquerade' in statement) return 'masquerade'
  if ('verdict' in statement) return statement.verdict
  const match = statement.match.join(' . ')
  if ('nat' in statement) return `${statement.nat} ${statement.family} to ${match} map @${statement.value}`
  if ('set' in statement) return `${statement.set} set ${match}`
  switch (statement.operation) {
    case 'in':
      return `${match} @${statement.value}`
    case 'not in':
      return `${match} != @${statement.value}`
    case '&':
    case '!&':
      return printBits(match, statement.operation, statement.value)
    default: {
      const value = match.endsWith('ifname') ? `"${statement.value}"` : statement.value
      return `${match}${statement.operation === '!=' ? ' !=' : ''} ${value}`
    }
  }
}

// Where bits have names, nft takes their list to mean any of them.
function printBits(match: string, operation: '&' | '!&', value: string): string {
  if (match.startsWith('ct ')) return `${match}${operation === '!&' ? ' !' : ''} ${value}`
  return `${match} & ${value} ${operation === '&' ? '!=' : '=='} ${value.replace(/[^:]/g, '0')}`
}

function shellCommands(operation: Operation): string[] {
  const { ip, exec } = inNamespace('netns' in operation ? operation.netns : undefined)
  switch (operation.op) {
    case 'netns.create':
      return [`ip netns add ${basename(operation.path)}`]
    case 'netns.bind':
      return [`touch ${quote(operation.path)} && mount --bind ${quote(operation.from)} ${quote(operation.path)}`]
    case 'netns.delete':
      return [`ip netns delete ${basename(operation.path)}`]
    case 'link.create':
      return [`${ip} link add ${linkOptions(operation)}`]
    case 'link.set':
      return linkSettings(operation, ip, exec)
    case 'link.settle':
      return [`${ip} link show dev ${operation.name} > /dev/null`]
    case 'link.delete':
      return [`${ip} link delete dev ${operation.name}`]
    case 'address.add': {
      const broadcast = operation.broadcast ? ` broadcast ${operation.broadcast}` : ''
      const nodad = operation.address.includes(':') ? ' nodad' : ''
      return [`${ip} address add ${operation.address}${broadcast} dev ${operation.link}${nodad}`]
    }
    case 'address.delete':
      return [`${ip} address delete ${operation.address} dev ${operation.link}`]
    case 'route.add':
    case 'route.delete': {
      const via = operation.gateway ? ` via ${operation.gateway}` : ''
      const dev = operation.link ? ` dev ${operation.link}` : ''
      const family = operation.destination === 'default' && !operation.gateway && operation.family === 6 ? ' -6' : ''
      return [`${ip}${family} route ${operation.op === 'route.add' ? 'add' : 'delete'} ${operation.destination}${via}${dev}`]
    }
    case 'neighbor.add':
      return [`${ip} neighbor add ${operation.address} lladdr ${operation.lladdr} nud permanent dev ${operation.link}`]
    case 'neighbor.delete':
      return [`${ip} neighbor delete ${operation.address} dev ${operation.link}`]
    case 'sysctl.write':
      return [`${exec}sysctl -qw ${operation.key}=${quote(operation.value)}`]
    case 'file.create':
      return [`mkdir -p ${quote(folder(operation.path))} && printf %s ${quote(operation.content)} > ${quote(operation.path)}`]
    case 'file.replace':
      return [`printf %s ${quote(operation.content)} > ${quote(operation.path)}`]
    case 'file.check':
      // $( ) cuts newlines off at the end.
      return [`test "$(cat ${quote(operation.path)})" = ${quote(operation.expected.replace(/\n+$/, ''))}`]
    case 'file.delete':
      return [`rm -f ${quote(operation.path)}`]
    // No command holds a port: it takes a process that stays.
    case 'port.hold':
      return [`# hold ${printHostPort(operation)}: ${ssCommand(operation)}`]
    case 'port.release':
      return [`# release ${printHostPort(operation)}`]
    case 'conntrack.flush': {
      const address = operation.address ? ` --orig-dst ${operation.address}` : ''
      const to = operation.toAddress ? ` --reply-src ${operation.toAddress} --reply-port-src ${operation.toPort}` : ` --reply-port-src ${operation.port}`
      const told = operation.toAddress ?? operation.address
      const family = (told ? told.includes(':') : operation.family === 6) ? ' -f ipv6' : ''
      return [`conntrack -D${family} -p ${operation.protocol} --orig-port-dst ${operation.port}${address}${to} || true`]
    }
    default:
      throw new TypeError(`no command is known for ${operation.op}`)
  }
}

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
  if (operation.address) parts.push(`address ${operation.address}`)
  if (operation.group) parts.push(`group ${operation.group}`)
  if (operation.master) parts.push(`master ${operation.master}`)
  let text = `${parts.join(' ')}${mtu}${queues} type ${operation.kind}`
  if (operation.peer) {
    const address = operation.peer.address ? ` address ${operation.peer.address}` : ''
    text += ` peer name ${operation.peer.name}${address}${mtu}${queues} netns ${nameOf(operation.peer.netns) ?? quote(operation.peer.netns)}`
  }
  return text
}

function linkSettings(operation: LinkSet, ip: string, exec: string): string[] {
  const set = `${ip} link set dev ${operation.name}`
  const commands: string[] = []
  if (operation.alias !== undefined) commands.push(`${set} alias ${quote(operation.alias)}`)
  if (operation.mtu !== undefined) commands.push(`${set} mtu ${operation.mtu}`)
  if (operation.group !== undefined) commands.push(`${set} group ${operation.group}`)
  if (operation.hairpin !== undefined) commands.push(`${set} type bridge_slave hairpin ${operation.hairpin ? 'on' : 'off'}`)
  if (operation.isolated !== undefined) commands.push(`${set} type bridge_slave isolated ${operation.isolated ? 'on' : 'off'}`)
  if (operation.noIpv6Address) commands.push(`${set} addrgenmode none`)
  if (operation.ipv6 === false) commands.push(`${exec}sysctl -qw net/ipv6/conf/${operation.name}/disable_ipv6=1`)
  if (operation.routeLocalnet !== undefined) {
    commands.push(`${exec}sysctl -qw net/ipv4/conf/${operation.name}/route_localnet=${operation.routeLocalnet ? 1 : 0}`)
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
const nameOf = (netns: string): string | undefined => /^\/run\/netns\/([^/]+)$/.exec(netns)?.[1]

const folder = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** A word as a shell reads it. */
export const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
