import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { type Connection, encodeConnectionDelete, encodePlan } from '#lib/kernel/native.js'
import type { Operation } from '#lib/plan/operation.js'
import { decodeMessage, splitMessages } from '../helpers/netlink.js'

/** How golden bytes stand in test/golden/*.json. */

/**
 * A field in which our message is not the tool's, and why that is right. A field that a side does not have is left out.
 */
export interface Difference {
  at: string
  tool?: string
  ours?: string
  why: string
}

/** What golden bytes are of: operations, and what conntrack.flush sends for each connection that it finds. */
export type Encodable = Operation | ({ op: 'connection.delete' } & Connection)

export interface Golden {
  name: string
  operation: Encodable
  /** Numbers of links and descriptors of namespaces, as the kernel gave them when this was captured. */
  numbers: Record<string, number>
  /** What a person would have typed. */
  command: string
  /** The messages that the command sent and that ours must equal, in words of four bytes. */
  tool: string[]
  ours: string[]
  differences: Difference[]
  /** The kernel of the capture has refused the command. */
  refused?: true
  /** Why `tool` is empty. */
  noTool?: string
}

// The sources' folder, from the compiled file's.
const folder = new URL('../../test/golden/', import.meta.url)

/** All golden bytes, by file. */
export function readGolden(): Map<string, Golden[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json')).sort()
  return new Map(files.map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden[]]))
}

/** A field a line, and a message a line, so that a diff says what has changed. */
export function writeGolden(file: string, entries: readonly Golden[]): void {
  const list = (items: readonly unknown[]) =>
    items.length === 0 ? '[]' : `[\n${items.map((item) => `      ${JSON.stringify(item)}`).join(',\n')}\n    ]`
  const text = entries.map((entry) => {
    const lines = Object.entries(entry).map(([key, value]) => `    "${key}": ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`)
    return `  {\n${lines.join(',\n')}\n  }`
  })
  writeFileSync(new URL(file, folder), `[\n${text.join(',\n')}\n]\n`)
}

export const toWords = (bytes: Buffer): string => (bytes.toString('hex').match(/.{1,8}/g) ?? []).join(' ')
export const fromWords = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Our messages. */
export function encode({ operation, numbers }: Pick<Golden, 'operation' | 'numbers'>): Buffer[] {
  return splitMessages(operation.op === 'connection.delete' ? encodeConnectionDelete(operation) : encodePlan([operation], numbers))
}

/**
 * The fields in which two runs of messages differ, whatever the order of their attributes. Settings of one link count
 * as one message: ip sends one for each, we put together what the kernel takes together.
 */
export function compare(operation: Encodable, tool: readonly Buffer[], ours: readonly Buffer[]): Omit<Difference, 'why'>[] {
  const together = operation.op === 'link.set' ? merge : (messages: Fields[]) => messages
  const [left, right] = [tool, ours].map((messages) => together(messages.map((message) => withoutEmptyByteorder(decodeMessage(message).fields))))
  if (left?.length !== right?.length) throw new Error(`${left?.length} messages against ${right?.length}`)
  return (left ?? []).flatMap((fields, index) => compareFields(fields, right?.[index] ?? {}))
}

type Fields = Record<string, string>

function compareFields(tool: Fields, ours: Fields): Omit<Difference, 'why'>[] {
  return [...new Set([...Object.keys(tool), ...Object.keys(ours)])]
    .filter((at) => tool[at] !== ours[at])
    .map((at) => ({ at, ...(at in tool ? { tool: tool[at] as string } : {}), ...(at in ours ? { ours: ours[at] as string } : {}) }))
}

/**
 * Where a set has intervals, nft turns the bytes of what it takes to be a number of the host's; also of the one byte of
 * `meta l4proto`, as numbers of two. The kernel turns len / size of them (nft_byteorder_eval): none. Ours has no such
 * step.
 */
function withoutEmptyByteorder(fields: Fields): Fields {
  const empty = Object.entries(fields).flatMap(([at, length]) => {
    const [, index, data] = /^NFTA_RULE_EXPRESSIONS\.(\d+)\.(NFTA_EXPR_DATA\.)NFTA_BYTEORDER_LEN$/.exec(at) ?? []
    const size = fields[`NFTA_RULE_EXPRESSIONS.${index}.${data}NFTA_BYTEORDER_SIZE`] ?? ''
    return index !== undefined && parseInt(length, 16) < parseInt(size, 16) ? [Number(index)] : []
  })
  const renumbered = Object.entries(fields).flatMap(([at, value]) => {
    const [, index = '', rest = ''] = /^NFTA_RULE_EXPRESSIONS\.(\d+)\.(.*)$/.exec(at) ?? []
    if (index === '') return [[at, value]]
    if (empty.includes(Number(index))) return []
    return [[`NFTA_RULE_EXPRESSIONS.${Number(index) - empty.filter((before) => before < Number(index)).length}.${rest}`, value]]
  })
  return Object.fromEntries(renumbered) as Fields
}

function merge(messages: Fields[]): Fields[] {
  const merged: Fields = {}
  for (const [at, value] of messages.flatMap((fields) => Object.entries(fields))) {
    const before = merged[at]
    if (before === undefined || before === value) merged[at] = value
    // Flags in the header, and which of them are meant.
    else if (/^\d+$/.test(before) && /^\d+$/.test(value)) merged[at] = `${Number(before) | Number(value)}`
    else throw new Error(`${at} is ${before} in one message and ${value} in another`)
  }
  return [merged]
}
