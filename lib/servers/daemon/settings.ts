import { checks } from '../../base/checks.js'
import { invalid, show } from '../../base/errors.js'
import { LOG_LEVELS, type LogLevel } from '../log.js'

/** What `slipway serve` is told, by flags or by the file of docker's daemon. */
export interface ServeSettings {
  hosts?: readonly string[]
  group?: string
  pidfile?: string
  tlsverify?: boolean
  tlscacert?: string
  tlscert?: string
  tlskey?: string
  'docker-plugin'?: string
  'docker-plugin-data'?: string
  'metrics-addr'?: string
  'log-format'?: 'text' | 'json'
  'log-level'?: LogLevel
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? undefined : 'a text')

const path = (value: unknown): string | undefined => (checks.path(value) === undefined ? undefined : 'an absolute path')

/** By key of daemon.json: what a value has to be, where it is not that. */
const CHECKS: Record<keyof ServeSettings, (value: unknown) => string | undefined> = {
  hosts: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => text(one) === undefined)
      ? undefined
      : 'a list of addresses, as in ["unix:///run/slipway/slipway.sock"]',
  group: text,
  pidfile: text,
  tlsverify: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  tlscacert: text,
  tlscert: text,
  tlskey: text,
  'docker-plugin': path,
  'docker-plugin-data': path,
  'metrics-addr': text,
  'log-format': (value) => (value === 'text' || value === 'json' ? undefined : '"text" or "json"'),
  'log-level': (value) =>
    LOG_LEVELS.some((level) => level === value) ? undefined : LOG_LEVELS.map((level) => `"${level}"`).join(', '),
}

export const SERVE_KEYS = Object.keys(CHECKS) as readonly (keyof ServeSettings)[]

/**
 * What a file says of the server.
 *
 * @param path - Of the file, for errors.
 * @throws {SlipwayError} `INVALID_ARGUMENT` naming the key and what would be right.
 */
export function readServeSettings(path: string, file: Readonly<Record<string, unknown>>): ServeSettings {
  const settings: Record<string, unknown> = {}
  for (const key of SERVE_KEYS) {
    if (!Object.hasOwn(file, key)) continue
    const expected = CHECKS[key](file[key])
    if (expected !== undefined) throw invalid(`${path}: "${key}" must be ${expected}, and is ${show(file[key])}.`)
    settings[key] = file[key]
  }
  return settings
}

/**
 * One of both says it: to dockerd, too, what is given by a flag and by the file is an error.
 *
 * @param flags - How each setting is written as a flag.
 * @throws {SlipwayError} `INVALID_ARGUMENT` naming both.
 */
export function merged(
  given: ServeSettings,
  file: { path: string; settings: ServeSettings } | undefined,
  flags: Readonly<Record<keyof ServeSettings, string>>,
): ServeSettings {
  if (!file) return given
  for (const key of SERVE_KEYS)
    if (given[key] !== undefined && file.settings[key] !== undefined)
      throw invalid(
        `"${key}" stands in ${file.path} (${JSON.stringify(file.settings[key])}) and behind ${flags[key]} (${JSON.stringify(given[key])}). Leave one of them out.`,
      )
  return { ...file.settings, ...given }
}
