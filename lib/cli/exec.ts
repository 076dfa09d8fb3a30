import { SignalRelay } from './child.js'
import { howToRun } from './how-to-run.js'
import { writeOwnFiles } from './own-files.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import type { ProcessFlags } from './usage/process-flags.js'
import { findSandbox } from './find.js'

/** `slipway exec`. The sandbox needs nobody who holds the host open: that is closed before the command ends. */
export async function exec(
  host: GivenHost,
  name: string,
  command: readonly string[],
  flags: ProcessFlags,
): Promise<void> {
  const how = howToRun(flags)
  const relay = new SignalRelay()
  const sandbox = await withSlipway(host, async (slipway) => {
    const found = await findSandbox(slipway, name)
    await writeOwnFiles(found)
    return found
  })
  const go = how.detach ? relay.leave.bind(relay) : relay.run.bind(relay)
  process.exitCode = relay.interrupted ?? (await go(sandbox, command, how))
}
