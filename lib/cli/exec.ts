import { SignalRelay } from './child.js'
import { ownFiles } from './own-files.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

/** `slipway exec`. The sandbox needs nobody who holds the host open: that is closed before the command ends. */
export async function exec(host: GivenHost, name: string, command: readonly string[]): Promise<void> {
  const relay = new SignalRelay()
  const { sandbox, files } = await withSlipway(host, async (slipway) => {
    const found = await slipway.sandboxes.get(name)
    return { sandbox: found, files: await ownFiles(found) }
  })
  process.exitCode = relay.interrupted ?? (await relay.run(sandbox, command, files))
}
