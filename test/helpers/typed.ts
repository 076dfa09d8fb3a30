import { main } from '#lib/cli/command.js'
import { output } from '#lib/cli/output.js'
import type { Ended } from './command.js'
import type { World } from './world.js'

/**
 * The command `slipway` as it is typed, within this process: a tenth of the time of one of its own. One at a
 * time, as what it prints is caught.
 */
export async function typed(world: World, ...args: readonly string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' }
  const writes = [output.write, process.stderr.write] as const
  output.write = (text: string) => void (printed.stdout += text)
  process.stderr.write = (text: string) => {
    printed.stderr += text
    return true
  }
  process.exitCode = undefined
  try {
    await main([`--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, ...args])
    return { status: (process.exitCode as number | undefined) ?? 0, ...printed }
  } finally {
    ;[output.write, process.stderr.write] = writes
    process.exitCode = undefined
  }
}
