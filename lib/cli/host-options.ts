import { readDaemonConfig } from '../api/daemon-config.js'
import { readOpenOptions, type OpenOptions } from '../api/options.js'
import type { Settings } from '../base/settings.js'
import { asUsage, say } from './failures.js'
import type { GivenHost } from './usage/host-flags.js'

interface HostOptions {
  options: OpenOptions
  settings: Settings
}

const read = new WeakMap<GivenHost, HostOptions>()

/**
 * What was given for the host. Where the command line says nothing, the file of --config does.
 *
 * @param others - Keys of the file that the command reads itself.
 * @throws {UsageError} when a value is malformed.
 */
export function hostOptions(host: GivenHost, others: readonly string[] = []): HostOptions {
  const before = read.get(host)
  if (before) return before
  const options: OpenOptions = { ...fromFile(host, others), ...host.options }
  const found = { options, settings: asUsage(() => readOpenOptions(options)) }
  read.set(host, found)
  return found
}

function fromFile({ config }: GivenHost, others: readonly string[]): OpenOptions {
  if (config === undefined) return {}
  const { options, ignored: left } = asUsage(() => readDaemonConfig(config))
  const ignored = left.filter((key) => !others.includes(key))
  if (ignored.length > 0) say(`note: ${config}: nothing is done about ${ignored.join(', ')}`)
  return options
}
