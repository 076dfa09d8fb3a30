import { caller, Elsewhere, identityOf } from './caller.js'
import { refusedProgram, SignalRelay } from './child.js'
import { howToRun, type How } from './how-to-run.js'
import { writeOwnFiles } from './own-files.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import type { ProcessFlags } from './usage/process-flags.js'
import { findSandbox } from './find.js'

/** `slipway exec`. The host is open while the program runs, which asks for names. With --detach nobody is there. */
export async function exec(
  host: GivenHost,
  name: string,
  command: readonly string[],
  flags: ProcessFlags,
): Promise<void> {
  const how = howToRun(flags)
  if (caller()) return become(host, name, command, how)
  const relay = new SignalRelay()
  process.exitCode = await withSlipway(
    host,
    async (slipway) => {
      const sandbox = await findSandbox(slipway, name)
      await writeOwnFiles(sandbox)
      if (relay.interrupted !== undefined) return relay.interrupted
      return how.detach ? relay.leave(sandbox, command, how) : relay.run(sandbox, command, how)
    },
    { stays: !how.detach },
  )
}

/** Who has typed it becomes the command. */
async function become(
  host: GivenHost,
  name: string,
  command: readonly string[],
  { before, cwd, env, detach }: How,
): Promise<void> {
  if (detach) throw new Elsewhere()
  const found = await withSlipway(host, async (slipway) => {
    const sandbox = await findSandbox(slipway, name)
    if (sandbox.path.startsWith('/proc/')) throw new Elsewhere()
    await writeOwnFiles(sandbox)
    return { netns: sandbox.path, identity: identityOf(sandbox.path), own: sandbox.ownNames }
  })
  const status = refusedProgram(command, { env, cwd })
  if (status === undefined) caller()?.become({ ...found, cwd, env, command: [...before, ...command] })
  else caller()?.exitWith(status)
}
