import type { FirewallChain, FirewallRule } from '../kernel/native.js'
import { load, type Bytes, type Packet } from './packet.js'

/** What becomes of a packet in one chain of a firewall, as far as its rules are understood. */
export interface Verdict {
  what: 'accept' | 'drop'
  /** Some rule before may decide otherwise: it asks what is not known here. */
  perhaps: boolean
  /** The rule that decides, with its place in its chain, from 1; none where the policy does. */
  by?: { chain: string; place: number; packets?: number | undefined }
}

/** Rules that jump to each other for ever are none that the kernel takes, and what is read may be of two moments. */
const DEEPEST = 64

type Outcome = Omit<Verdict, 'perhaps'> | 'through'

/** Chains of one firewall, by name. */
export type Rules = ReadonlyMap<string, readonly FirewallRule[]>

/** @param rules - Of the table that the chain is in. */
export function verdictOn(packet: Packet, { name, policy }: FirewallChain, rules: Rules): Verdict {
  const doubt = { accept: false, drop: false }
  const outcome = walk(packet, name, rules, doubt, 0)
  const found = outcome === 'through' ? { what: policy === 'drop' ? ('drop' as const) : ('accept' as const) } : outcome
  return { ...found, perhaps: found.what === 'drop' && doubt.accept }
}

function walk(packet: Packet, chain: string, rules: Rules, doubt: { accept: boolean }, depth: number): Outcome {
  if (depth > DEEPEST) return 'through'
  for (const [index, { steps }] of (rules.get(chain) ?? []).entries()) {
    const { fits, verdict, packets } = read(packet, steps)
    if (fits === 'no' || verdict === undefined) continue
    const [word = '', target = ''] = verdict.split(' ')
    if (fits === 'perhaps') {
      if (['accept', 'return', 'jump', 'goto'].includes(word)) doubt.accept ||= mayAccept(word, target, rules, 0)
      continue
    }
    switch (word) {
      case 'accept':
        return { what: 'accept' }
      case 'drop':
      case 'reject':
        return { what: 'drop', by: { chain, place: index + 1, packets } }
      case 'return':
        return 'through'
      case 'jump': {
        const outcome = walk(packet, target, rules, doubt, depth + 1)
        if (outcome !== 'through') return outcome
        break
      }
      case 'goto':
        return walk(packet, target, rules, doubt, depth + 1)
      default:
        break
    }
  }
  return 'through'
}

/** Whether somebody is accepted by a rule, or by those that it leads to. */
function mayAccept(word: string, target: string, rules: Rules, depth: number): boolean {
  if (word === 'accept') return true
  if (word === 'return' || depth > DEEPEST) return false
  return (rules.get(target) ?? []).some(({ steps }) =>
    steps.some((step) => {
      const [first, verdict = '', next = ''] = step.split(' ')
      return first === 'verdict' && verdict !== 'return' && mayAccept(verdict, next, rules, depth + 1)
    }),
  )
}

type Fits = 'yes' | 'no' | 'perhaps'

/** Whether a rule is about a packet, and what it says of it then. */
function read(packet: Packet, steps: readonly string[]): { fits: Fits; verdict?: string; packets?: number } {
  const registers = new Map<string, Bytes | undefined>()
  let fits: Fits = 'yes'
  let verdict: string | undefined
  let packets: number | undefined
  for (const step of steps) {
    const [word = '', ...rest] = step.split(' ')
    switch (word) {
      case 'load': {
        const register = rest.at(-1) ?? ''
        const [what = '', ...numbers] = rest[0] === 'header' ? rest.slice(1, -1) : rest.slice(0, -1)
        registers.set(register, load(packet, what, numbers.map(Number)))
        break
      }
      case 'mask': {
        const [from = '', to = '', and = '', xor = ''] = rest
        registers.set(to, masked(registers.get(from), toBytes(and), toBytes(xor)))
        break
      }
      case 'is':
      case 'not': {
        const equal = compare(registers.get(rest[0] ?? ''), toBytes(rest[1] ?? ''))
        if (equal === 'perhaps') fits = 'perhaps'
        else if ((equal === 'yes') !== (word === 'is')) return { fits: 'no' }
        break
      }
      case 'asks':
        fits = 'perhaps'
        break
      case 'counter':
        packets = Number(rest[0])
        break
      case 'verdict':
        verdict = rest.join(' ')
        break
      default:
        break
    }
  }
  return { fits, ...(verdict === undefined ? {} : { verdict }), ...(packets === undefined ? {} : { packets }) }
}

const toBytes = (hex: string): number[] => [...Buffer.from(hex, 'hex')]

function masked(bytes: Bytes | undefined, and: readonly number[], xor: readonly number[]): Bytes | undefined {
  return bytes?.map((byte, index) => {
    const mask = and[index] ?? 0
    if (mask === 0) return xor[index] ?? 0
    return byte === undefined ? undefined : (byte & mask) ^ (xor[index] ?? 0)
  })
}

/** A name of a link may be compared by its beginning alone. */
function compare(bytes: Bytes | undefined, wanted: readonly number[]): Fits {
  if (bytes === undefined) return 'perhaps'
  let unknown = false
  for (const [index, byte] of wanted.entries()) {
    const own = bytes[index]
    if (own === undefined) unknown = true
    else if (own !== byte) return 'no'
  }
  return unknown ? 'perhaps' : 'yes'
}
