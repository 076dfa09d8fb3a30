import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { stdinOf, type CniAnswer, type Printed } from './cni.js'
import { end, start, type Ended } from './command.js'
import type { World } from './world.js'

/** The plugin as the command `slipway cni`, and plugins beside it. */

/** @param config - `undefined`: stdin stays open. */
export async function cniCommand(
  world: World,
  variables: Readonly<Record<string, string>>,
  config: unknown,
): Promise<CniAnswer & Ended> {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const child = start(world, ['cni'], ['env', ...set], 'pipe')
  // It reads no more than it may.
  child.stdin?.on('error', () => undefined)
  if (config !== undefined) child.stdin?.end(stdinOf(config))
  const ended = await end(child)
  return { ...ended, done: ended.status === 0, printed: printedIn(ended.stdout) }
}

export const printedIn = (stdout: string): Printed => (stdout === '' ? {} : (JSON.parse(stdout) as Printed))

/** A folder for CNI_PATH with one plugin, which notes how it is called. @param script - Of a shell. */
export function pluginFolder(t: ExecutionContext, name: string, script: string): { path: string; log: string } {
  const path = mkdtempSync(join(tmpdir(), 'slipway-cni-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  const log = join(path, 'log')
  writeFileSync(join(path, name), `#!/bin/sh\necho "$CNI_COMMAND $CNI_IFNAME $(cat)" >> '${log}'\n${script}\n`)
  chmodSync(join(path, name), 0o755)
  return { path, log }
}
