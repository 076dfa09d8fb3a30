import { invalid, show } from '../base/errors.js'
import { nearest } from '../base/nearest.js'
import type { NetworkDriver } from '../drivers/driver.js'

/**
 * A driver's options as docker has them: names of ours become docker's, numbers and flags become texts. What docker's
 * own names say is left for the driver to check.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function dockerOptions(
  { name: driver, networks: { spellings = {} } }: NetworkDriver,
  given: object,
): Record<string, string> {
  const options: Record<string, string> = {}
  const by = new Map<string, string>()
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined) continue
    const isOurs = Object.hasOwn(spellings, name)
    const docker = isOurs ? (spellings[name] ?? name) : name
    const other = by.get(docker)
    if (other !== undefined)
      throw invalid(`options: ${other} and ${name} are one option, by two names. Give one of them.`)
    by.set(docker, name)
    const text = textOf(value, isOurs)
    if (text === undefined)
      throw invalid(
        isOurs
          ? `options: ${name} must be a text, a number, a list of texts, or true or false, and is ${show(value)}.`
          : Object.values(spellings).includes(name) || name.startsWith('com.docker.')
            ? `options: ${name} must be a text, as docker has it, and is ${show(value)}.`
            : unknown(driver, name, spellings),
      )
    if (!isOurs && Object.keys(spellings).length > 0 && !Object.values(spellings).includes(name))
      throw invalid(unknown(driver, name, spellings))
    options[docker] = text
  }
  return options
}

function textOf(value: unknown, isOurs: boolean): string | undefined {
  if (typeof value === 'string') return value
  if (!isOurs) return undefined
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
    ? value.join(':')
    : undefined
}

function unknown(driver: string, name: string, spellings: Readonly<Record<string, string>>): string {
  const near = nearest(name, [...Object.keys(spellings), ...Object.values(spellings)])
  const short = Object.keys(spellings).map((own) => show(own))
  return `options: the ${driver} driver has no option ${show(name)}.${near === undefined ? '' : ` Did you mean ${show(near)}?`} There are ${Object.values(spellings).join(', ')}; for short, ${short.join(', ')}.`
}
