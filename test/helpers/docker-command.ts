import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ended } from './command.js'

/** Docker's own command, Debian's newest (scripts/setup/docker.mjs). */
export const DOCKER = fileURLToPath(new URL('../../build-compare/docker-cli/usr/bin/docker', import.meta.url))

/**
 * Runs it against a server.
 *
 * @param host - `unix:///run/slipway/slipway.sock`
 */
export function docker(host: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(DOCKER, args, { env: environment(host), timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}

/** The same, of a command that prints as it goes on. */
export function startDocker(host: string, ...args: string[]): { child: ChildProcess; lines(): string[] } {
  const child = spawn(DOCKER, args, { env: environment(host), stdio: ['ignore', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  return { child, lines: () => printed.split('\n').slice(0, -1) }
}

const environment = (host: string) => ({
  ...process.env,
  DOCKER_HOST: host,
  DOCKER_CONFIG: '/nonexistent',
  LD_PRELOAD: '',
})
