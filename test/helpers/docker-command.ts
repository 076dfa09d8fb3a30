import { execFile } from 'node:child_process'
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
    const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: '/nonexistent', LD_PRELOAD: '' }
    execFile(DOCKER, args, { env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}
