import { UsageError } from '../failures.js'
import { show } from './show.js'

/** The functions of Go's templates, and those that docker adds. */

type Function_ = (...args: never[]) => unknown

const text = (value: unknown): string => show(value)

/** As Go has it: nothing, zero, and what is empty are false. */
export const isTrue = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null
      ? Object.keys(value).length > 0
      : Boolean(value)

export const FUNCTIONS: Readonly<Record<string, Function_>> = {
  json: (value: unknown) => JSON.stringify(value ?? null),
  index: (value: unknown, ...keys: unknown[]) => keys.reduce(at, value),
  len: (value: unknown) =>
    typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value ?? {}).length,
  // Go's Sprint puts a space only between two of which neither is a text.
  print: (...values: unknown[]) =>
    values
      .map((value, i) => {
        const apart = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string'
        return `${apart ? ' ' : ''}${text(value)}`
      })
      .join(''),
  println: (...values: unknown[]) => `${values.map(text).join(' ')}\n`,
  printf,
  join: (list: readonly unknown[] | undefined, between: string) => (list ?? []).map(text).join(between),
  split: (value: string, between: string) => value.split(between),
  lower: (value: unknown) => text(value).toLowerCase(),
  upper: (value: unknown) => text(value).toUpperCase(),
  title: (value: unknown) => text(value).replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  pad: (value: unknown, before: number, after: number) => ' '.repeat(before) + text(value) + ' '.repeat(after),
  truncate: (value: unknown, length: number) => text(value).slice(0, length),
  slice: (value: string | readonly unknown[], from = 0, to?: number) => value.slice(from, to),
  eq: (one: unknown, ...others: unknown[]) => others.some((other) => other === one),
  ne: (one: unknown, other: unknown) => one !== other,
  lt: (one: number, other: number) => one < other,
  le: (one: number, other: number) => one <= other,
  gt: (one: number, other: number) => one > other,
  ge: (one: number, other: number) => one >= other,
  and: (...values: unknown[]) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values: unknown[]) => values.find(isTrue) ?? values.at(-1),
  not: (value: unknown) => !isTrue(value),
}

/** @throws {UsageError} */
export function checkFunction(name: string): string {
  if (Object.hasOwn(FUNCTIONS, name)) return name
  throw new UsageError(`--format: there is no function ${name}. There are ${Object.keys(FUNCTIONS).join(', ')}.`)
}

function at(value: unknown, key: unknown): unknown {
  if (value === undefined || value === null || (typeof value !== 'object' && typeof value !== 'string'))
    throw new UsageError(`--format: index looks into lists and tables, and ${show(value)} is none.`)
  if (Array.isArray(value) || typeof value === 'string') {
    const found = value[Number(key)] as unknown
    if (found === undefined)
      throw new UsageError(`--format: index ${show(key)} is beyond the end of a list of ${value.length}.`)
    return found
  }
  if (Object.hasOwn(value, String(key))) return (value as Record<string, unknown>)[String(key)]
  return Object.values(value).every((one) => typeof one === 'string') ? '' : undefined
}

function printf(format: string, ...values: unknown[]): string {
  const left = [...values]
  return format.replace(/%(-?)(0?)(\d*)([sdvqxt%])/g, (_, minus: string, zero: string, width: string, verb: string) => {
    if (verb === '%') return '%'
    const value = left.shift()
    const shown = verb === 'q' ? JSON.stringify(text(value)) : verb === 'x' ? Number(value).toString(16) : text(value)
    return minus === '-' ? shown.padEnd(Number(width)) : shown.padStart(Number(width), zero === '0' ? '0' : ' ')
  })
}
