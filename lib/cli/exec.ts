import { SignalRelay } from './child.js'
import { howToRun } from './how-to-run.js'
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
