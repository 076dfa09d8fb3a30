import { readAnnotations } from '../servers/oci/annotations.js'
import { connectContainer, disconnectContainer, namespaceOf } from '../servers/oci/hooks.js'
import { readState } from '../servers/oci/state.js'
import { asUsage, say } from './failures.js'
import { hostOptions } from './host-options.js'
import { readStdin } from './stdin.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

export type OciHook = 'createRuntime' | 'poststop'

/** `slipway oci-hook`. */
export async function ociHook(host: GivenHost, hook: OciHook): Promise<void> {
  const state = readState((await readStdin('An OCI runtime writes the state of a container there')).toString('utf8'))
  // What was connected is found by the container's id, whatever its annotations say by now.
  if (hook === 'poststop')
    return void (await withSlipway(host, (slipway) => disconnectContainer(slipway, state), { wait: true }))
  const asked = asUsage(() => readAnnotations(state.annotations))
  if (!asked) return say(`note: the container ${state.id} has no annotation slipway.network, and stays as it is`)
  const { netns = '/proc/self/ns/net' } = hostOptions(host).options
  const own = namespaceOf(state, netns)
  await withSlipway(host, (slipway) => connectContainer(slipway, state, own, asked))
}
