import { channel } from 'node:diagnostics_channel'
import type { OpenOptions } from '../../api/options.js'
import { Slipway } from '../../api/slipway.js'
import { descriptorLimit } from '../../base/descriptor-limit.js'
import { Listening, type ListenOptions } from '../../servers/daemon/listening.js'
import { tellSystemd, type ServiceState } from '../../servers/daemon/notify.js'
import { writePidFile } from '../../servers/daemon/pid-file.js'
import { SERVE_KEYS } from '../../servers/daemon/settings.js'
import { CNI_PATH, CniApi } from '../../servers/cni/api.js'
import { doQueued } from '../../servers/cni/queue.js'
import { DockerApi } from '../../servers/docker/api.js'
import { DockerPlugin } from '../../servers/docker-plugin/plugin.js'
import { ByPath } from '../../servers/http/by-path.js'
import type { Protocol } from '../../servers/http/protocol.js'
import { HttpService } from '../../servers/http/server.js'
import { Log } from '../../servers/log.js'
import { MetricsApi } from '../../servers/metrics/api.js'
import { Measured } from '../../servers/metrics/measured.js'
import type { Metrics } from '../../servers/metrics/metrics.js'
import type { WarningMessage } from '../../work/forwarding.js'
import { COMMAND_PATH, CommandApi } from '../resident/api.js'
import { UsageError } from '../failures.js'
import { hostOptions } from '../host-options.js'
import { ownVersion } from '../own-version.js'
import type { GivenHost } from '../usage/host-flags.js'
import { foundAtOpening } from '../with-slipway.js'
import { readServing, type ServeFlags, type Serving } from './settings.js'
import { Signals } from './signals.js'
import { logEvents } from './log-events.js'

export type { ServeFlags } from './settings.js'

/** Requests that are worked on when the server is asked to end may take as long. Docker's. */
const GRACE_MS = 15_000
/** Half of the descriptors are the host's: a port that is held is one. */
const MOST_CONNECTIONS = 4096

/** `slipway serve`: until SIGTERM. */
export async function serve(before: GivenHost, flags: ServeFlags): Promise<void> {
  if (before.config !== undefined && flags.config !== undefined)
    throw new UsageError('--config is given before and behind the command. Leave one of them out.')
  const config = flags.config ?? before.config
  const host: GivenHost = { ...before, config }
  const serving = readServing(flags, config)
  const { options } = hostOptions(host, SERVE_KEYS)
  const log = new Log((line) => process.stderr.write(line), serving)
  // Nobody may read it any more.
  process.stderr.on('error', () => undefined)
  const signals = new Signals()
  const removePidFile = serving.pidFile === undefined ? () => undefined : writePidFile(serving.pidFile)
  const stopWarnings = logWarnings(log)
  try {
    const pool = flags.pool === undefined ? {} : { pool: { size: flags.pool } }
    const slipway = await Slipway.open({ ...options, ...pool, signal: signals.stop })
    let metrics: Metrics | undefined
    try {
      for (const what of foundAtOpening(slipway)) log.info(what)
      metrics = serving.metrics && new (await import('../../servers/metrics/metrics.js')).Metrics(slipway)
      await run({ slipway, options, serving, log, signals, read: () => readServing(flags, config), metrics })
    } finally {
      metrics?.close()
      await slipway.close()
    }
    log.info('has ended; sandboxes and networks stay')
  } catch (error) {
    if (error !== signals.stop.reason) throw error
  } finally {
    stopWarnings()
    removePidFile()
    signals.close()
  }
}

/** What the parts of the server have in common. */
interface Serve {
  slipway: Slipway
  /** What the host was opened with. */
  options: OpenOptions
  serving: Serving
  log: Log
  signals: Signals
  /** Reads the settings anew. @throws {UsageError} */
  read(): Serving
  metrics: Metrics | undefined
}

async function run(server: Serve): Promise<void> {
  const { slipway, serving, log, metrics } = server
  await doQueued(slipway)
  const open: Listening[] = []
  const listen = async (options: ListenOptions, protocol: Protocol) => {
    const connections = Math.min(MOST_CONNECTIONS, Math.floor(descriptorLimit() / 2))
    open.push(await Listening.open(new HttpService(protocol, log, { connections }), options, log))
  }
  const measured = (name: string, protocol: Protocol) => (metrics ? new Measured(name, protocol, metrics) : protocol)
  try {
    const docker = measured('docker', new DockerApi({ slipway, version: ownVersion() }))
    const cni = measured('cni', new CniApi(slipway))
    const command = measured('command', new CommandApi(slipway, server.options))
    const others = new Map([
      [CNI_PATH, cni],
      [COMMAND_PATH, command],
    ])
    await listen(serving, new ByPath(others, docker))
    if (serving.plugin) {
      const { address, data } = serving.plugin
      // Only root is dockerd.
      const options = { addresses: [address], gid: process.getegid?.() ?? 0, tls: undefined }
      await listen(options, measured('docker-plugin', await DockerPlugin.open(slipway, data, log)))
    }
    if (serving.metrics && metrics)
      await listen({ ...serving, addresses: [serving.metrics], readOnly: true }, new MetricsApi(metrics))
    await stay(server, open)
  } finally {
    await Promise.all(open.map((listening) => listening.close(GRACE_MS)))
  }
}

async function stay(server: Serve, open: readonly Listening[]): Promise<void> {
  const { slipway, log, signals, metrics } = server
  const where = `listens on ${open.flatMap(({ addresses }) => addresses).join(' and ')}`
  const tell = (state: ServiceState, status: string) => {
    const failure = tellSystemd(state, status)
    if (failure !== undefined) log.warn(failure)
  }
  signals.onReload(() => {
    tell('reloading', 'reads its settings again')
    reload(server, open)
    tell('ready', where)
  })
  log.info(where)
  tell('ready', where)
  await Promise.all([signals.stopped, logEvents(slipway, log, signals.stop, (event) => metrics?.heard(event))])
  log.info('ends')
  tell('stopping', 'ends')
}

/** What cannot be read leaves everything as it is. */
function reload({ serving, log, read }: Serve, open: readonly Listening[]): void {
  try {
    const { level, ...now } = read()
    const { level: _, ...then } = serving
    for (const listening of open) listening.renewTls()
    log.level = level
    log.info(
      JSON.stringify(now) === JSON.stringify(then)
        ? 'has read its settings again'
        : 'has read its settings again; other sockets, another group or another form of the log come with the next start',
    )
  } catch (error) {
    log.error(`goes on with the settings that it has: ${(error as Error).message}`)
  }
}

function logWarnings(log: Log): () => void {
  const warnings = channel('slipway:warning')
  const warn = (message: unknown) => log.warn((message as WarningMessage).message)
  warnings.subscribe(warn)
  // What Node.js has to say comes in the form of the log, too.
  const listeners = process.listeners('warning')
  const say = (warning: Error) => log.warn(warning.message)
  process.removeAllListeners('warning').on('warning', say)
  return () => {
    warnings.unsubscribe(warn)
    process.off('warning', say)
    for (const listener of listeners) process.on('warning', listener)
  }
}
