import { readDaemonFile } from '../../api/daemon-config.js'
import { invalid } from '../../base/errors.js'
import { DEFAULT_ADDRESS, readAddress, type ServerAddress } from '../../servers/daemon/addresses.js'
import { groupNumber } from '../../servers/daemon/group.js'
import { refuseOpenTcp, type ListenOptions } from '../../servers/daemon/listening.js'
import { merged, readServeSettings, type ServeSettings } from '../../servers/daemon/settings.js'
import { readTls, type TlsFiles } from '../../servers/daemon/tls.js'
import type { LogLevel } from '../../servers/log.js'
import { asUsage } from '../failures.js'

/** What was typed behind `serve`. */
export interface ServeFlags {
  host?: readonly string[]
  group?: string
  pidFile?: string
  tlsverify?: true
  tlscacert?: string
  tlscert?: string
  tlskey?: string
  /** `true` where no path is typed. */
  dockerPlugin?: true | string
  dockerPluginData?: string
  /** `true` where no address is typed. */
  metrics?: true | string
  pool?: number
  logFormat?: 'text' | 'json'
  logLevel?: LogLevel
  config?: string
}

/** How each setting is typed. */
const FLAGS: Readonly<Record<keyof ServeSettings, string>> = {
  hosts: '-H',
  group: '--group',
  pidfile: '--pid-file',
  tlsverify: '--tlsverify',
  tlscacert: '--tlscacert',
  tlscert: '--tlscert',
  tlskey: '--tlskey',
  'docker-plugin': '--docker-plugin',
  'docker-plugin-data': '--docker-plugin-data',
  'metrics-addr': '--metrics',
  'log-format': '--log-format',
  'log-level': '--log-level',
}

/** Where dockerd looks for a plugin of this name. */
const PLUGIN_SOCKET = '/run/docker/plugins/slipway.sock'
/** Docker's. */
const METRICS_ADDRESS = '127.0.0.1:9323'
const PLUGIN_DATA = '/var/lib/slipway/docker'

export interface Serving extends ListenOptions {
  /** Of dockerd's driver, where there is to be one. */
  plugin: { address: ServerAddress; data: string } | undefined
  /** Where Prometheus may ask. */
  metrics: ServerAddress | undefined
  pidFile: string | undefined
  json: boolean
  level: LogLevel
}

/**
 * What was asked for, by flags and by the file of docker's daemon, checked before anything is opened.
 *
 * @param config - Path of that file.
 * @throws {UsageError}
 */
export function readServing(flags: ServeFlags, config: string | undefined): Serving {
  return asUsage(() => {
    const file = config === undefined ? undefined : { path: config, settings: fileSettings(config) }
    const settings = merged(typedSettings(flags), file, FLAGS)
    const tls = tlsOf(settings)
    const addresses = (settings.hosts ?? [DEFAULT_ADDRESS]).map((one) => readAddress(one, tls !== undefined))
    const metrics = metricsAddress(settings['metrics-addr'], tls !== undefined)
    refuseOpenTcp({ addresses, tls })
    if (metrics) refuseOpenTcp({ addresses: [metrics], tls, readOnly: true })
    return {
      addresses,
      gid: settings.group === undefined ? (process.getegid?.() ?? 0) : groupNumber(settings.group),
      tls,
      plugin: pluginOf(settings),
      metrics,
      pidFile: settings.pidfile,
      json: settings['log-format'] === 'json',
      level: settings['log-level'] ?? 'info',
    }
  })
}

const fileSettings = (path: string): ServeSettings => readServeSettings(path, readDaemonFile(path))

/** As dockerd takes it (`127.0.0.1:9323`), and as `-H` does. */
const metricsAddress = (text: string | undefined, tls: boolean): ServerAddress | undefined =>
  text === undefined ? undefined : readAddress(text.includes('://') ? text : `tcp://${text}`, tls)

function pluginOf({
  'docker-plugin': path,
  'docker-plugin-data': data,
}: ServeSettings): { address: ServerAddress; data: string } | undefined {
  if (path !== undefined) return { address: readAddress(`unix://${path}`, false), data: data ?? PLUGIN_DATA }
  if (data !== undefined) throw invalid('--docker-plugin-data goes with --docker-plugin. Give that, too.')
  return undefined
}

function typedSettings(flags: ServeFlags): ServeSettings {
  const { host, group, pidFile, tlsverify, tlscacert, tlscert, tlskey, dockerPlugin, dockerPluginData } = flags
  const { metrics, logFormat, logLevel } = flags
  return {
    ...(host === undefined ? {} : { hosts: host }),
    ...(group === undefined ? {} : { group }),
    ...(pidFile === undefined ? {} : { pidfile: pidFile }),
    ...(tlsverify === undefined ? {} : { tlsverify }),
    ...(tlscacert === undefined ? {} : { tlscacert }),
    ...(tlscert === undefined ? {} : { tlscert }),
    ...(tlskey === undefined ? {} : { tlskey }),
    ...(dockerPlugin === undefined ? {} : { 'docker-plugin': dockerPlugin === true ? PLUGIN_SOCKET : dockerPlugin }),
    ...(dockerPluginData === undefined ? {} : { 'docker-plugin-data': dockerPluginData }),
    ...(metrics === undefined ? {} : { 'metrics-addr': metrics === true ? METRICS_ADDRESS : metrics }),
    ...(logFormat === undefined ? {} : { 'log-format': logFormat }),
    ...(logLevel === undefined ? {} : { 'log-level': logLevel }),
  }
}

function tlsOf({ tlsverify = false, tlscacert: ca, tlscert: cert, tlskey: key }: ServeSettings): TlsFiles | undefined {
  if (!tlsverify) {
    if (ca !== undefined || cert !== undefined || key !== undefined)
      throw invalid('--tlscacert, --tlscert and --tlskey go with --tlsverify. Give that, too.')
    return undefined
  }
  if (ca === undefined || cert === undefined || key === undefined)
    throw invalid('--tlsverify goes with --tlscacert, --tlscert and --tlskey. Give all of them.')
  readTls({ ca, cert, key })
  return { ca, cert, key }
}
