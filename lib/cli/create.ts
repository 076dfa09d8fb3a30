import { describe } from './describe.js'
import { createSandbox } from './find.js'
import { print, printJson } from './output.js'
import { sandboxOptions } from './sandbox-options.js'
import type { SandboxFlags } from './usage/sandbox-flags.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

/** `slipway create`. */
export async function create(host: GivenHost, { json, ...flags }: SandboxFlags & { json?: true }): Promise<void> {
  const { options } = sandboxOptions(host, flags)
  const sandbox = await withSlipway(host, (slipway, signal) => createSandbox(slipway, { ...options, signal }))
  if (json) printJson([describe(sandbox)])
  else print(sandbox.name)
}
