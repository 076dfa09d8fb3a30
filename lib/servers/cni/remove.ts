import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import type { PortRequest } from '../../base/port-mapping.js'
import { leaveNetwork } from '../network-on-demand.js'
import { CONTAINER, endpointOf, findContainer, givenName, NETWORK } from './container.js'

/**
 * `DEL`: takes a container off a network. What is not there is no error.
 *
 * @param ports - That were published with it.
 */
export async function remove(
  slipway: Slipway,
  network: string,
  { containerId, ifname }: { containerId: string; ifname: string },
  ports: readonly PortRequest[],
): Promise<void> {
  const sandbox = await findContainer(slipway, containerId)
  if (sandbox && endpointOf(sandbox, network, ifname)) await detach(sandbox, network, ports)
  await leaveNetwork(slipway, network, NETWORK)
}

/** An attachment of a container to a network. */
export interface ValidAttachment {
  containerID: string
  ifname: string
}

/** `GC`: takes all containers off a network but those that are named. @throws What was refused, after all the rest. */
export async function collect(slipway: Slipway, network: string, valid: readonly ValidAttachment[]): Promise<void> {
  const stay = new Set(valid.map(({ containerID, ifname }) => `${containerID} ${ifname}`))
  const refused: unknown[] = []
  for (const sandbox of await slipway.sandboxes.list({ label: CONTAINER, network })) {
    const endpoint = sandbox.endpoints.find((one) => one.network === network)
    if (!endpoint || stay.has(`${sandbox.labels[CONTAINER]} ${givenName(sandbox, endpoint)}`)) continue
    await detach(sandbox, network, []).catch((error: unknown) => refused.push(error))
  }
  await leaveNetwork(slipway, network, NETWORK)
  if (refused.length > 0) throw refused[0]
}

/** When it returns, the interface is gone: the namespace is another's, who may make one of that name. */
async function detach(sandbox: Sandbox, network: string, ports: readonly PortRequest[]): Promise<void> {
  if (sandbox.endpoints.length <= 1) await unlessGone(sandbox.remove())
  else {
    for (const port of ports) await unlessGone(sandbox.unpublish(port))
    await unlessGone(sandbox.disconnect(network, { force: true }))
  }
  await sandbox.gone()
}

async function unlessGone(removal: Promise<void>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
  }
}
