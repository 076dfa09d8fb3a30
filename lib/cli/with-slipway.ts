import { channel } from 'node:diagnostics_channel'
import type { WarningMessage } from '../work/forwarding.js'
import type { OpenOptions } from '../api/options.js'
import { Slipway } from '../api/slipway.js'
import { caller, Elsewhere } from './caller.js'
import { say } from './failures.js'
import { hostOptions } from './host-options.js'
import { interruptible } from './interruption.js'
import type { GivenHost } from './usage/host-flags.js'

const warnings = channel('slipway:warning')

/**
 * Opens the host for one command, and leaves it. What open() found to clean up is said, for nobody asked for it.
 *
 * @param work - Its signal is Ctrl-C, for calls that take one: what is not done then is not done at all.
 * @param how - `stays`: as long as a program runs, which gets the signals. So it holds ports. `watches`: it tells of
 *   what others damage. `wait`: as of close().
 * @throws {Interrupted}
 */
export async function withSlipway<T>(
  host: GivenHost,
  work: (slipway: Slipway, signal: AbortSignal) => Promise<T>,
  { stays = false, watches = false, ...closing }: { stays?: boolean; watches?: boolean; wait?: boolean } = {},
): Promise<T> {
  const typed = caller()
  if (typed) {
    if (stays || watches) throw new Elsewhere()
    return typed.work(host, work, closing)
  }
  return stays
    ? opened(host, (slipway) => work(slipway, new AbortController().signal), Slipway.open, closing)
    : interruptible((signal) =>
        opened(
          host,
          (slipway) => work(slipway, signal),
          (options) => Slipway.visit(options, watches),
          closing,
        ),
      )
}

/** What open() found and did that nobody had asked for, a sentence each. */
export function foundAtOpening({ reconciled }: Slipway): string[] {
  const { collected, damaged = [], upgraded, healed, lost = [] } = reconciled
  return [
    ...collected.map((what) => `left over from a process that died: ${what}`),
    ...damaged,
    ...(upgraded === undefined ? [] : [upgraded]),
    ...healed.map((name) => `rules, claims or links of ${name} were taken away; they are there again`),
    ...lost,
  ]
}

async function opened<T>(
  host: GivenHost,
  work: (slipway: Slipway) => Promise<T>,
  open: (options: OpenOptions) => Promise<Slipway>,
  closing: { wait?: boolean },
): Promise<T> {
  const { options } = hostOptions(host)
  const warn = (message: unknown) => say(`warning: ${(message as WarningMessage).message}`)
  warnings.subscribe(warn)
  const slipway = await open(options)
  if (host.verbose) say('note: this process does it')
  try {
    for (const what of foundAtOpening(slipway)) say(`note: ${what}`)
    return await work(slipway)
  } finally {
    await slipway.close(closing)
    warnings.unsubscribe(warn)
  }
}
