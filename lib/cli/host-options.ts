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
 * @throws {UsageError} when a value is malformed.
 */
export function hostOptions(host: GivenHost): HostOptions {
  const before = read.get(host)
  if (before) return before
  const options: OpenOptions = { ...fromFile(host), ...host.options }
  const found = { options, settings: asUsage(() => readOpenOptions(options)) }
  read.set(host, found)
  return found
}

function fromFile({ config }: GivenHost): OpenOptions {
  if (config === undefined) return {}
  const { options, ignored } = asUsage(() => readDaemonConfig(config))
  if (ignored.length > 0) say(`note: ${config}: nothing is done about ${ignored.join(', ')}`)
  return options
}
