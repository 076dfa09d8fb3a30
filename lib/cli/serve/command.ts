import { channel } from 'node:diagnostics_channel'
import { Slipway } from '../../api/slipway.js'
import { descriptorLimit } from '../../base/descriptor-limit.js'
import { Listening } from '../../servers/daemon/listening.js'
import { tellSystemd, type ServiceState } from '../../servers/daemon/notify.js'
import { writePidFile } from '../../servers/daemon/pid-file.js'
import { SERVE_KEYS } from '../../servers/daemon/settings.js'
import { CNI_PATH, CniApi } from '../../servers/cni/api.js'
import { doQueued } from '../../servers/cni/queue.js'
import { DockerApi } from '../../servers/docker/api.js'
import { DockerPlugin } from '../../servers/docker-plugin/plugin.js'
import { ByPath } from '../../servers/http/by-path.js'
import { HttpService } from '../../servers/http/server.js'
import { Log } from '../../servers/log.js'
import type { WarningMessage } from '../../work/forwarding.js'
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
    try {
      for (const what of foundAtOpening(slipway)) log.info(what)
      await run(slipway, serving, log, signals, () => readServing(flags, config))
    } finally {
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

async function run(slipway: Slipway, serving: Serving, log: Log, signals: Signals, read: () => Serving): Promise<void> {
  const connections = Math.min(MOST_CONNECTIONS, Math.floor(descriptorLimit() / 2))
  const docker = new DockerApi({ slipway, version: ownVersion() })
  const protocol = new ByPath(new Map([[CNI_PATH, new CniApi(slipway)]]), docker)
  const service = new HttpService(protocol, log, { connections })
  await doQueued(slipway)
  const open: Listening[] = []
  try {
    open.push(await Listening.open(service, serving, log))
    const plugin = await openPlugin(slipway, serving, log, { connections })
    if (plugin) open.push(plugin)
    await stay(slipway, serving, log, signals, read, open)
  } finally {
    await Promise.all(open.map((listening) => listening.close(GRACE_MS)))
  }
}

async function stay(
  slipway: Slipway,
  serving: Serving,
  log: Log,
  signals: Signals,
  read: () => Serving,
  open: readonly Listening[],
): Promise<void> {
  const where = `listens on ${open.flatMap(({ addresses }) => addresses).join(' and ')}`
  const tell = (state: ServiceState, status: string) => {
    const failure = tellSystemd(state, status)
    if (failure !== undefined) log.warn(failure)
  }
  signals.onReload(() => {
    tell('reloading', 'reads its settings again')
    reload(serving, open, log, read)
    tell('ready', where)
  })
  log.info(where)
  tell('ready', where)
  await Promise.all([signals.stopped, logEvents(slipway, log, signals.stop)])
  log.info('ends')
  tell('stopping', 'ends')
}

/** Only root is dockerd. */
async function openPlugin(
  slipway: Slipway,
  { plugin }: Serving,
  log: Log,
  limits: { connections: number },
): Promise<Listening | undefined> {
  if (!plugin) return undefined
  const protocol = await DockerPlugin.open(slipway, plugin.data, log)
  const options = { addresses: [plugin.address], gid: process.getegid?.() ?? 0, tls: undefined }
  return Listening.open(new HttpService(protocol, log, limits), options, log)
}

/** What cannot be read leaves everything as it is. */
function reload(serving: Serving, open: readonly Listening[], log: Log, read: () => Serving): void {
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
