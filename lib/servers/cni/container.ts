import type { Endpoint } from '../../api/sandboxes/endpoint.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import { nameCheck } from '../../base/name.js'
import { sha256 } from '../../base/sha256.js'

/** A container is a sandbox with this label, whose value is the container's id. */
export const CONTAINER = 'cni.container'
/** A network that was made for containers of a runtime has this one. */
export const NETWORK = 'cni.network'

/** Begins with what is no digit of an id: a sandbox is looked for by name alone, and not by the beginnings of ids. */
const PREFIX = 'cni-'

/** What the sandbox of a container is called. Ids may be of any length, and names not. */
export const nameOf = (containerId: string): string =>
  nameCheck(`${PREFIX}${containerId}`) === undefined ? `${PREFIX}${containerId}` : `${PREFIX}${sha256(containerId)}`

/** @throws {SlipwayError} `CONFLICT`, where a sandbox of that name is none of a runtime's. */
export async function findContainer(slipway: Slipway, containerId: string): Promise<Sandbox | undefined> {
  let found: Sandbox
  try {
    found = await slipway.sandboxes.get(nameOf(containerId))
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
  return found.labels[CONTAINER] === containerId ? found : undefined
}

/**
 * The endpoint of an attachment. It keeps the name that it was given by the runtime, also where the sandbox has an
 * interface of another name by now.
 */
export function endpointOf(sandbox: Sandbox, network: string, ifname: string): Endpoint | undefined {
  const found = sandbox.endpoints.find((one) => one.network === network)
  return found && givenName(sandbox, found) === ifname ? found : undefined
}

export const givenName = (sandbox: Sandbox, { network, interface: now }: Endpoint): string =>
  sandbox.inspect().Networks[network]?.DriverOpts?.['com.docker.network.endpoint.ifname'] ?? now
