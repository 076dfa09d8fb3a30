import { statSync } from 'node:fs'
import type { Slipway } from '../../api/slipway.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import { invalid } from '../../base/errors.js'
import { connectAll } from '../connect-all.js'
import type { Asked } from './annotations.js'
import type { ContainerState } from './state.js'

/** By these, the sandbox of a container is found again: ids are of one runtime, and a host may have several. */
const ID = 'slipway.oci.id'
const BUNDLE = 'slipway.oci.bundle'

/** `createRuntime`: connects the namespace of a container. All of it, or nothing. @param netns - Its path. */
export async function connectContainer(
  slipway: Slipway,
  state: ContainerState,
  netns: string,
  { options, more }: Asked,
): Promise<Sandbox> {
  const sandbox = await slipway.sandboxes.create({
    name: state.id,
    ...options,
    netns,
    labels: { ...options.labels, [ID]: state.id, [BUNDLE]: state.bundle },
  })
  await connectAll(
    sandbox,
    more.map((network) => [network, {}]),
  )
  return sandbox
}

/** `poststop`: removes what {@link connectContainer} has made. @returns Their names: none where there is none. */
export async function disconnectContainer(slipway: Slipway, { id, bundle }: ContainerState): Promise<string[]> {
  const found = await slipway.sandboxes.list({ label: [`${ID}=${id}`, `${BUNDLE}=${bundle}`] })
  for (const sandbox of found) await sandbox.remove()
  return found.map(({ name }) => name)
}

/**
 * The path of the namespace that a runtime has made for a container.
 *
 * @param hostNetns - Path of the host's.
 * @throws {SlipwayError} `INVALID_ARGUMENT`, where it has none of its own.
 */
export function namespaceOf({ id, pid }: ContainerState, hostNetns: string): string {
  if (pid === undefined)
    throw invalid(
      `The container ${id} has no process (pid) whose namespace could be connected. Give this hook to createRuntime.`,
    )
  const path = `/proc/${pid}/ns/net`
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw invalid(`The container ${id} has no process ${pid} any more.`)
  const host = statSync(hostNetns)
  if (found.ino === host.ino && found.dev === host.dev)
    throw invalid(
      `The container ${id} has the network namespace of the host. Give its config.json one of its own: { "type": "network" } in linux.namespaces.`,
    )
  return path
}
