import { UsageError } from '../failures.js'
import { checkFunction } from './functions.js'
import { words, type Word } from './words.js'

/**
 * Templates of Go's text/template, as docker's --format has them: fields, variables, pipelines, `if`, `range`, `with`.
 */

/** A value: a literal, a field of something, or a call of a function. */
export type Value =
  | { kind: 'literal'; value: unknown }
  | { kind: 'dot' }
  | { kind: 'variable'; name: string }
  | { kind: 'field'; of: Value; names: readonly string[] }
  | { kind: 'call'; name: string; args: readonly Value[] }
  /** `.Label "team"`: a field that is given something. */
  | { kind: 'method'; field: Value; args: readonly Value[] }

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'print'; value: Value }
  | { kind: 'set'; name: string; value: Value }
  | { kind: 'if' | 'with'; value: Value; yes: readonly Part[]; no: readonly Part[] }
  | {
      kind: 'range'
      value: Value
      key: string | undefined
      item: string | undefined
      yes: readonly Part[]
      no: readonly Part[]
    }

const wrong = (why: string): UsageError => new UsageError(`--format: ${why}.`)

/** @throws {UsageError} */
export function parse(template: string): readonly Part[] {
  const pieces = cut(template)
  const { parts, ended } = block(pieces, false)
  if (ended) throw wrong(`{{${ended}}} ends nothing`)
  return parts
}

type Piece = { text: string } | { action: string }

/** Text and what is between braces; `{{-` and `-}}` take away the space beside them. */
function cut(template: string): Piece[] {
  const pieces: Piece[] = []
  let rest = template
  for (;;) {
    const open = rest.indexOf('{{')
    if (open < 0) break
    const close = endOf(rest, open + 2)
    let text = rest.slice(0, open)
    let action = rest.slice(open + 2, close)
    rest = rest.slice(close + 2)
    if (/^-\s/.test(action)) {
      text = text.trimEnd()
      action = action.slice(1)
    }
    if (/\s-$/.test(action)) {
      rest = rest.trimStart()
      action = action.slice(0, -1)
    }
    if (text !== '') pieces.push({ text })
    if (!/^\s*\/\*.*\*\/\s*$/s.test(action)) pieces.push({ action: action.trim() })
  }
  if (rest !== '') pieces.push({ text: rest })
  return pieces
}

/** Where an action's braces close: not within its texts. */
function endOf(template: string, from: number): number {
  const [inside = ''] = /^(?:"(?:[^"\\]|\\.)*"|`[^`]*`|(?!\}\})[^"`])*/s.exec(template.slice(from)) ?? []
  if (!template.startsWith('}}', from + inside.length)) throw wrong(`"${template}" has {{ without }}`)
  return from + inside.length
}

/** Up to the `end` or `else` of the block that it is in. */
function block(pieces: Piece[], inside: boolean): { parts: Part[]; ended: string } {
  const parts: Part[] = []
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    if ('text' in piece) parts.push({ kind: 'text', text: piece.text })
    else if (/^(end|else\b.*)$/s.test(piece.action)) return { parts, ended: piece.action }
    else parts.push(action(piece.action, pieces))
  }
  if (inside) throw wrong('{{end}} is missing')
  return { parts, ended: '' }
}

function action(text: string, pieces: Piece[]): Part {
  const [, keyword, rest = ''] = /^(if|with|range)\b(.*)$/s.exec(text) ?? []
  if (keyword === undefined) {
    const [, name, value = ''] = /^\$(\w+)\s*:?=(.*)$/s.exec(text) ?? []
    return name === undefined ? { kind: 'print', value: read(text) } : { kind: 'set', name, value: read(value) }
  }
  const variables = keyword === 'range' ? /^\s*\$(\w+)(?:\s*,\s*\$(\w+))?\s*:=(.*)$/s.exec(rest) : null
  const value = read(variables?.[3] ?? rest)
  const { parts: yes, ended } = block(pieces, true)
  const otherwise = ended === 'end' ? [] : elseOf(ended, pieces)
  if (keyword !== 'range') return { kind: keyword as 'if' | 'with', value, yes, no: otherwise }
  const [key, item] = variables?.[2] === undefined ? [undefined, variables?.[1]] : [variables[1], variables[2]]
  return { kind: 'range', value, key, item, yes, no: otherwise }
}

function elseOf(ended: string, pieces: Piece[]): readonly Part[] {
  const next = ended.slice('else'.length).trim()
  // `else if` has the end of the whole.
  if (next !== '') return [action(next, pieces)]
  const { parts, ended: last } = block(pieces, true)
  if (last !== 'end') throw wrong(`{{${last}}} stands behind {{else}}`)
  return parts
}

function read(text: string): Value {
  const left = words(text)
  const value = pipeline(left)
  if (left.length > 0) throw wrong(`{{${text}}} has too much in it, from ${left[0]?.text} on`)
  return value
}

/** `a | b c`: b gets c, and a last. */
function pipeline(left: Word[]): Value {
  let value = command(left, undefined)
  while (left[0]?.text === '|') {
    left.shift()
    value = command(left, value)
  }
  return value
}

function command(left: Word[], last: Value | undefined): Value {
  const head = left[0]
  const isCall = head?.kind === 'name' && !['true', 'false', 'nil'].includes(head.text)
  if (isCall) left.shift()
  const first = isCall ? undefined : operand(left)
  const args: Value[] = []
  while (left[0] && !['|', ')'].includes(left[0].text)) args.push(operand(left))
  if (last) args.push(last)
  if (head && isCall) return { kind: 'call', name: checkFunction(head.text), args }
  if (!first) throw wrong('there is a {{ with nothing in it')
  if (args.length === 0) return first
  if (first.kind !== 'field') throw wrong(`${head?.text} is no function`)
  return { kind: 'method', field: first, args }
}

function operand(left: Word[]): Value {
  const word = left.shift()
  if (!word) throw wrong('something is missing behind |, or in {{}}')
  const { kind, text } = word
  let value: Value
  if (kind === 'text' || kind === 'number') value = { kind: 'literal', value: word.value }
  else if (kind === 'field')
    return text === '.' ? { kind: 'dot' } : { kind: 'field', of: { kind: 'dot' }, names: path(text) }
  else if (kind === 'variable') value = { kind: 'variable', name: text.slice(1) }
  else if (text === '(') {
    value = pipeline(left)
    if (left.shift()?.text !== ')') throw wrong('a ( has no )')
  } else if (kind === 'name')
    value = Object.hasOwn(CONSTANTS, text)
      ? { kind: 'literal', value: CONSTANTS[text] }
      : { kind: 'call', name: checkFunction(text), args: [] }
  else throw wrong(`${text} is in a wrong place`)
  // `$item.Name`, `(index .Ports "80/tcp").HostPort`
  return left[0]?.kind === 'field' && left[0].joined && left[0].text !== '.'
    ? { kind: 'field', of: value, names: path(left.shift()?.text ?? '') }
    : value
}

const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: undefined }

const path = (field: string): string[] => field.slice(1).split('.')
