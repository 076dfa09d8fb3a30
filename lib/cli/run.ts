import { SlipwayError } from '../base/errors.js'
import type { CreateOptions } from '../api/sandboxes/create-options.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { Background, startInBackground } from './background.js'
import { caller, Elsewhere, identityOf } from './caller.js'
import { refusedProgram, SignalRelay } from './child.js'
import { createSandbox } from './find.js'
import { howToRun, type How } from './how-to-run.js'
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
  if (caller()) return runFor(host, command, options, { ...how, detach: detach === true })
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

/** The caller starts the command, and has the sandbox removed afterwards. The sandbox goes with the caller. */
async function runFor(host: GivenHost, command: readonly string[], options: CreateOptions, how: How): Promise<void> {
  const typed = caller()
  if (!typed || how.detach) throw new Elsewhere()
  const refused = refusedProgram(command, how)
  if (refused !== undefined) return typed.exitWith(refused)
  const { before, cwd, env } = how
  const found = await withSlipway(host, async (slipway, signal) => {
    const sandbox = await createSandbox(slipway, { ...options, signal }, typed.process)
    try {
      if (sandbox.path.startsWith('/proc/')) throw new Elsewhere()
      await writeOwnFiles(sandbox)
      return { netns: sandbox.path, identity: identityOf(sandbox.path), own: sandbox.ownNames, sandbox: sandbox.id }
    } catch (error) {
      await removeUnlessGone(sandbox)
      throw error
    }
  })
  typed.become({ ...found, cwd, env, command: [...before, ...command] })
}

async function removeUnlessGone(sandbox: Sandbox): Promise<void> {
  try {
    await sandbox.remove()
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
  }
}
