import { describe } from './describe.js'
import { UsageError } from './failures.js'
import { print } from './output.js'
import { forEachName, reportRefusals } from './several.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import { findSandbox } from './find.js'

export interface InspectFlags {
  format?: string
  json?: true
}

/** `slipway inspect`. */
export async function inspect(host: GivenHost, names: readonly string[], flags: InspectFlags): Promise<void> {
  const shown = await readInspect(flags)
  const { done, refusals } = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => describe(await findSandbox(slipway, name))),
  )
  print(shown(done))
  reportRefusals(refusals)
}

/** How things are printed. @throws {UsageError} */
export async function readInspect({ format, json }: InspectFlags): Promise<(things: readonly object[]) => string> {
  if (format === undefined) return (things) => JSON.stringify(things, null, 4)
  if (json) throw new UsageError('--format and --json are two forms of the same. Give one.')
  const { readInspectFormat } = await import('./format/format.js')
  return readInspectFormat(format)
}
