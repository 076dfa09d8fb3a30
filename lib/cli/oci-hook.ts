import { invalid } from '../base/errors.js'
import { setTimeout, clearTimeout } from '../base/timers.js'
import { readAnnotations } from '../servers/oci/annotations.js'
import { connectContainer, disconnectContainer } from '../servers/oci/hooks.js'
import { readState } from '../servers/oci/state.js'
import { asUsage, say } from './failures.js'
import { hostOptions } from './host-options.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

export type OciHook = 'createRuntime' | 'poststop'

/** A runtime writes the state at once, and closes. */
const WAIT_MS = 10_000
/** More than any config.json's annotations. */
const LONGEST = 1 << 20

/** `slipway oci-hook`. */
export async function ociHook(host: GivenHost, hook: OciHook): Promise<void> {
  const state = readState(await readStdin())
  // What was connected is found by the container's id, whatever its annotations say by now.
  if (hook === 'poststop')
    return void (await withSlipway(host, (slipway) => disconnectContainer(slipway, state), { wait: true }))
  const asked = asUsage(() => readAnnotations(state.annotations))
  if (!asked) return say(`note: the container ${state.id} has no annotation slipway.network, and stays as it is`)
  const { netns = '/proc/self/ns/net' } = hostOptions(host).options
  await withSlipway(host, (slipway) => connectContainer(slipway, state, asked, netns))
}

/** @throws {SlipwayError} `INVALID_ARGUMENT`, where it does not end, or is too long. */
async function readStdin(): Promise<string> {
  const { stdin } = process
  const timer = setTimeout(
    () =>
      stdin.destroy(
        invalid(
          `Nothing has ended stdin for ${WAIT_MS / 1000} s. An OCI runtime writes the container's state there, and closes it.`,
        ),
      ),
    WAIT_MS,
  )
  try {
    let text = ''
    stdin.setEncoding('utf8')
    for await (const part of stdin) {
      text += part as string
      if (text.length > LONGEST) throw invalid(`The state of a container is longer than ${LONGEST} characters.`)
    }
    return text
  } finally {
    clearTimeout(timer)
  }
}
