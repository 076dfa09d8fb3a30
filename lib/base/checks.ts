import { invalid, show } from './errors.js'
import { isIpv4 } from './addresses/ipv4.js'

/** Checks of what callers give: what is expected in words, or nothing where it is so. */
export type Check = (value: unknown) => string | undefined

/** limits.h */
const PATH_MAX = 4096

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a text')
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
const path: Check = (value) =>
  typeof value === 'string' && /^\/\P{Cc}*$/u.test(value) && Buffer.byteLength(value) < PATH_MAX
    ? undefined
    : `an absolute path of less than ${PATH_MAX} bytes, without control characters`
const ipv4: Check = (value) =>
  typeof value === 'string' && isIpv4(value) ? undefined : "an IPv4 address, as in '192.0.2.1'"

export const checks = { text, flag, path, ipv4 } as const

/** A list, a map or a promise has no options of any name: taken for an object, it would mean every default. */
export const isOptions = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === '[object Object]'

/**
 * Checks options against a table: unknown ones are refused, listing the known ones.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  checks: Record<keyof T & string, Check>,
): void {
  if (!isOptions(options)) throw invalid(`${what} takes an object of options, and got ${show(options)}.`)
  for (const name of Object.keys(options)) {
    const value: unknown = options[name as keyof T]
    if (value === undefined) continue
    const check = Object.hasOwn(checks, name) ? checks[name as keyof T & string] : undefined
    if (!check) throw invalid(`${what}: there is no option ${show(name)}. There are ${Object.keys(checks).join(', ')}.`)
    const expected = check(value)
    if (expected) throw invalid(`${what}: ${name} must be ${expected}, and is ${show(value)}.`)
  }
}
