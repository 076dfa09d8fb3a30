import { SlipwayError } from '../base/errors.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { SignalRelay } from './child.js'
import { ownFiles } from './own-files.js'
import { sandboxOptions } from './sandbox-options.js'
import type { SandboxFlags } from './usage/sandbox-flags.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

/** `slipway run`. */
export async function run(host: GivenHost, command: readonly string[], flags: SandboxFlags): Promise<void> {
  const { options } = sandboxOptions(host, flags)
  const relay = new SignalRelay()
  process.exitCode = await withSlipway(
    host,
    async (slipway) => {
      const sandbox = await slipway.sandboxes.create({ ...options, ephemeral: true })
      try {
        const files = await ownFiles(sandbox)
        return relay.interrupted ?? (await relay.run(sandbox, command, files))
      } finally {
        await removeUnlessGone(sandbox)
      }
    },
    { stays: true, wait: true },
  )
}

async function removeUnlessGone(sandbox: Sandbox): Promise<void> {
  try {
    await sandbox.remove()
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
  }
}
