import { print, printJson } from './output.js'
import { isSure } from './sure.js'
import type { GivenHost } from './usage/host-flags.js'
import { say } from './failures.js'
import { withSlipway } from './with-slipway.js'

export interface UninstallFlags {
  force?: true
  json?: true
}

/** `slipway uninstall`. */
export async function uninstall(host: GivenHost, { force, json }: UninstallFlags): Promise<void> {
  const question =
    'This removes all sandboxes and networks of this host, and all else that Slipway has here, with what you have added to its tables of nf_tables.'
  if (!force && !(await isSure('uninstall', question))) return
  const found = await withSlipway(host, (slipway) => slipway.uninstall())
  if (json) printJson(found)
  else print(`Removed:\n${found.removed.join('\n')}`)
  for (const what of found.stays) say(`note: ${what}, so it stays`)
  if (found.stays.length > 0) process.exitCode = 1
}
