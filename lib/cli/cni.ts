import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { CniError, failureOf } from '../servers/cni/cni-error.js'
import { readEnvironment } from '../servers/cni/environment.js'
import { readCall, versionsFor, type CniCall } from '../servers/cni/plugin.js'
import { performInTurn } from '../servers/cni/queue.js'
import { print, printJson } from './output.js'
import { readStdin } from './stdin.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

/** `slipway cni`: what a runtime calls a plugin with. Errors are for the runtime, too: on stdout. */
export async function cni(host: GivenHost): Promise<void> {
  let call: CniCall | undefined
  try {
    const environment = readEnvironment(process.env)
    if (environment.command === 'VERSION') return printJson(versionsFor(await readInput().catch(() => Buffer.alloc(0))))
    const input = await readInput()
    const read = (call = readCall(environment, process.env, input))
    const how = environment.command === 'DEL' || environment.command === 'GC' ? { wait: true } : {}
    const answer = await withSlipway(host, (slipway) => performInTurn(slipway, read, false), how)
    if (answer !== undefined) printJson(answer)
  } catch (error) {
    printJson(failureOf(error, call?.config.version))
    process.exitCode = 1
  }
}

/** `slipway cni --program`: the path of the program that runtimes call, where this package has it. */
export function printCniProgram(): void {
  const found = PROGRAMS.map((path) => join(import.meta.dirname, '../..', path)).find((path) => existsSync(path))
  if (found === undefined)
    throw new SlipwayError(
      'UNSUPPORTED',
      'This package has no slipway-cni, which could not be compiled when it was installed. A script does the same, slower: exec slipway cni.',
    )
  print(found)
}

/** Prebuilt, compiled when it was installed, and in the repository. */
const PROGRAMS = [`prebuilds/linux-${process.arch}/slipway-cni`, 'build/Release/slipway-cni', 'build/slipway-cni']

async function readInput(): Promise<Buffer> {
  try {
    return await readStdin("A container's runtime writes a configuration there")
  } catch (error) {
    throw new CniError('IO', (error as Error).message)
  }
}
