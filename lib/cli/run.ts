import { SlipwayError } from '../base/errors.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { Background, startInBackground } from './background.js'
import { SignalRelay } from './child.js'
import { createSandbox } from './find.js'
import { howToRun } from './how-to-run.js'
import { writeOwnFiles } from './own-files.js'
import { sandboxOptions } from './sandbox-options.js'
import type { ProcessFlags } from './usage/process-flags.js'
import type { SandboxFlags } from './usage/sandbox-flags.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

export type RunFlags = SandboxFlags & ProcessFlags & { rm?: true }

/** `slipway run`. */
export async function run(host: GivenHost, command: readonly string[], flags: RunFlags): Promise<void> {
  const { rm: _rm, detach, env, workdir, user, interactive: _interactive, tty: _tty, ...ofSandbox } = flags
  const background = detach ? Background.ofThis() : undefined
  const { options } = sandboxOptions(host, ofSandbox)
  const how = howToRun({
    ...(env ? { env } : {}),
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
  })
  if (detach && !background) return startInBackground()
  const relay = new SignalRelay()
  process.exitCode = await withSlipway(
    host,
    async (slipway) => {
      const sandbox = await createSandbox(slipway, { ...options, ephemeral: true })
      const forget = background?.endWith(sandbox, (signal) => relay.killAll(signal))
      try {
        await writeOwnFiles(sandbox)
        return (
          relay.interrupted ??
          (await relay.run(sandbox, command, { ...how, detach: background !== undefined }, () =>
            background?.started(sandbox.name),
          ))
        )
      } finally {
        forget?.()
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
