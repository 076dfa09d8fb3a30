import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { readOpenOptions, type OpenOptions } from './options.js'

/** What a daemon.json of docker's says of networking. */
export interface DaemonConfig {
  /** For {@link Slipway.open}. */
  options: OpenOptions
  /** Keys that Slipway does not act on, in the order of the file. */
  ignored: string[]
}

/** In bytes: far longer than anything that people write. */
const LONGEST = 16 << 20

/** Keys of daemon.json, and the options that they are. */
const KEYS: Readonly<Record<string, keyof OpenOptions>> = {
  bip: 'bip',
  bip6: 'bip6',
  'default-address-pools': 'defaultAddressPools',
  'default-gateway': 'defaultGateway',
  'default-gateway-v6': 'defaultGatewayV6',
  dns: 'dns',
  'dns-opts': 'dnsOptions',
  'dns-search': 'dnsSearch',
  'fixed-cidr': 'fixedCidr',
  'fixed-cidr-v6': 'fixedCidrV6',
  icc: 'icc',
  ip: 'ip',
  'ip-masq': 'ipMasq',
  ipv6: 'ipv6',
  mtu: 'mtu',
}

/**
 * Reads docker's `daemon.json`. Values that mean "as if it were not there" to docker (`""`, `[]`, `"mtu": 0`, `"ip":
 * "0.0.0.0"`) are left out.
 *
 * @example const { options, ignored } = readDaemonConfig('/etc/docker/daemon.json') const slipway = await
 * Slipway.open({ ...options, bridgeName: 'slipway0' })
 * @throws {SlipwayError} `NOT_FOUND`, `PERMISSION` when it cannot be read; `INVALID_ARGUMENT` naming the file, the key,
 * and what would be right.
 */
export function readDaemonConfig(path: string): DaemonConfig {
  const options: Record<string, unknown> = {}
  const ignored: string[] = []
  for (const [key, value] of Object.entries(readDaemonFile(path))) {
    const option = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
    if (option === undefined) ignored.push(key)
    else if (!isUnset(key, value)) options[option] = value
  }
  try {
    readOpenOptions(options)
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    throw invalid(
      `${path}: ${error.message.replace(/^Slipway\.open: (\w+)/, (_, option: string) => `"${keyOf(option)}"`)}`,
    )
  }
  return { options, ignored }
}

/** @internal Every key of the file. @throws {SlipwayError} As {@link readDaemonConfig}. */
export const readDaemonFile = (path: string): Readonly<Record<string, unknown>> => parse(path, read(path))

const keyOf = (option: string) => Object.keys(KEYS).find((key) => KEYS[key] === option) ?? option

const isUnset = (key: string, value: unknown): boolean =>
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (key === 'mtu' && value === 0) ||
  (key === 'ip' && value === '0.0.0.0')

function read(path: string): string {
  try {
    // O_NONBLOCK: a FIFO would be waited for for ever.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(fd)
      if (!stat.isFile() && !stat.isDirectory()) throw Object.assign(new Error(), { code: 'no regular file' })
      if (stat.size > LONGEST) throw Object.assign(new Error(), { code: `${stat.size} bytes` })
      return readFileSync(fd, 'utf8')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new SlipwayError(
        'NOT_FOUND',
        `There is no file ${show(path)}. Docker's is /etc/docker/daemon.json, where somebody has written one.`,
      )
    if (code === 'EACCES') throw new SlipwayError('PERMISSION', `${path} may not be read by this user.`)
    throw invalid(`${show(path)} cannot be read (${code}). Give the path of a daemon.json.`)
  }
}

function parse(path: string, text: string): Readonly<Record<string, unknown>> {
  let config: unknown
  try {
    // Docker, too, takes a byte order mark.
    config = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw invalid(`${path} is no JSON: ${(error as Error).message}.`)
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Record<string, unknown>
  throw invalid(`${path} must hold one JSON object, as in { "bip": "172.17.0.1/16" }, and holds ${show(config)}.`)
}
