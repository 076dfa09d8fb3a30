import type { Element, Family, GenerationCheck, Operation, SetDefinition, Statement } from './operation.js'
import { TRAITS } from './traits.js'

/** The operations that are of nf_tables, and printed here. */
export type NftOperation = Extract<Operation, { family: Family; table: string } | GenerationCheck>
export const isNft = (operation: Operation): operation is NftOperation => TRAITS[operation.op].channel === 'nft'

/** The `nft` commands of an operation. */
export function nftCommands(operation: NftOperation): string[] {
  switch (operation.op) {
    // nft has no word for these two.
    case 'generation.check':
      return [`# if the ruleset is still of generation ${operation.generation}`]
    case 'part.copy':
      return [
        `# ${operation.kind} ${operation.family} ${operation.table} ${operation.name} as it was: ${operation.attributes}`,
      ]
    case 'table.add':
    case 'table.enable': {
      const word = operation.op === 'table.add' ? 'create' : 'add'
      const comment = operation.comment ? ` { comment "${operation.comment}"; }` : ''
      return [`${word} table ${operation.family} ${operation.table}${comment}`]
    }
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
      const parts = [printType(operation)]
      if (operation.interval) parts.push('flags interval;')
      if (operation.counter) parts.push('counter;')
      if (operation.comment) parts.push(`comment "${operation.comment}";`)
      return [`create ${operation.dataType ? 'map' : 'set'} ${place(operation)} { ${parts.join(' ')} }`]
    }
    case 'chain.delete':
      return [`delete chain ${operation.family} ${operation.table} ${operation.chain}`]
    case 'chain.flush':
      return [`flush chain ${operation.family} ${operation.table} ${operation.chain}`]
    case 'set.delete':
      return [`delete set ${operation.family} ${operation.table} ${operation.set}`]
    case 'element.add':
      return operation.elements.map(
        (element) => `create element ${place(operation)} { ${printElement(operation, element)} }`,
      )
    case 'element.delete':
      return operation.elements.map((element) => {
        const condition = operation.ifCommented ? ` # if its comment is "${element.comment ?? ''}"` : ''
        return `delete element ${place(operation)} { ${printKey(operation, element.key)} }${condition}`
      })
  }
}

/** The type of a conntrack zone has no name: it is told by examples, and so are those beside it. */
const EXAMPLES: Record<string, string> = {
  ct_zone: 'ct zone',
  ipv4_addr: 'ip daddr',
  ipv6_addr: 'ip6 daddr',
  inet_proto: 'meta l4proto',
  inet_service: 'th dport',
  number: 'udp length',
}

function printType({ type, dataType }: SetDefinition): string {
  if (dataType !== 'ct_zone') return `type ${type}${dataType ? ` : ${dataType}` : ''};`
  return `typeof ${type
    .split(' . ')
    .map((part) => EXAMPLES[part] ?? part)
    .join(' . ')} : ${EXAMPLES[dataType]};`
}

const place = (set: SetDefinition) => `${set.family} ${set.table} ${set.set}`

function printElement(set: SetDefinition, element: Element): string {
  const comment = element.comment ? ` comment "${element.comment}"` : ''
  return `${printKey(set, element.key)}${printCounts(element)}${comment}${element.data ? ` : ${element.data}` : ''}`
}

// nft wants interface names in quotes.
function printKey(set: SetDefinition, key: string): string {
  const types = set.type.split(' . ')
  return key
    .split(' . ')
    .map((part, index) => (types[index] === 'ifname' ? `"${part}"` : part))
    .join(' . ')
}

/** What a counter begins with; for an element, that it has one. */
const printCounts = ({ packets = 0, bytes = 0 }: { packets?: number; bytes?: number }): string =>
  packets + bytes > 0 ? ` counter packets ${packets} bytes ${bytes}` : ''

/** A statement in nft's words. */
export function printStatement(statement: Statement): string {
  if ('counter' in statement) return printCounts(statement).trim() || 'counter'
  if ('masquerade' in statement) return 'masquerade'
  if ('reject' in statement) return 'reject with icmpx type port-unreachable'
  if ('verdict' in statement) return statement.verdict
  const match = statement.match.join(' . ')
  if ('nat' in statement) return `${statement.nat} ${statement.family} to ${match} map @${statement.value}`
  if ('set' in statement)
    return `${statement.set} set ${match}${statement.value === undefined ? '' : ` map @${statement.value}`}`
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
  return `${match} & ${value} ${operation === '&' ? '!=' : '=='} ${value.includes(':') ? value.replace(/[^:]/g, '0') : '0'}`
}
