import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { gunzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { brNetfilter } from './prepare-host.js'

/** What a number means nothing without. @param against - Another checkout of Slipway that is measured, too. */
export function facts(against?: string) {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString(),
    command: command(),
    commit: commit(HERE),
    ...(against === undefined ? {} : { against: `commit ${commit(against)}` }),
    kernel: `${os.release()} ${os.machine()}`,
    hz: hz(),
    cpus: `${cpus.length} × ${cpus[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    load: os
      .loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    node: process.version,
    brNetfilter: { '1': 'on', '0': 'off' }[brNetfilter() ?? ''] ?? 'not loaded',
  }
}

/** Samples that were kept before the command was have none. */
export type Facts = Omit<ReturnType<typeof facts>, 'command' | 'against'> & { command?: string; against?: string }

/** As it can be typed again. */
function command(): string {
  const given = process.argv.slice(2)
  return ['npm run bench', ...(given.length > 0 ? ['--'] : []), ...given].join(' ')
}

function hz(): string {
  try {
    const config = gunzipSync(readFileSync('/proc/config.gz')).toString()
    return /^CONFIG_HZ=(\d+)$/m.exec(config)?.[1] ?? 'unknown'
  } catch {
    return 'unknown (no /proc/config.gz)'
  }
}

const HERE = fileURLToPath(new URL('..', import.meta.url))

function commit(cwd: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain') === '' ? '' : ' and changes'
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed}`
  } catch {
    return 'unknown'
  }
}
