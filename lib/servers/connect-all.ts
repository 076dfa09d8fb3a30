import type { EndpointOptions } from '../api/sandboxes/endpoint-options.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import type { CallOptions } from '../base/call.js'

/** Connects a sandbox that has just been created to further networks, to all of them; or it goes again. */
export async function connectAll(
  sandbox: Sandbox,
  networks: readonly (readonly [network: string, options: EndpointOptions & CallOptions])[],
): Promise<void> {
  try {
    for (const [network, options] of networks) await sandbox.connect(network, options)
  } catch (error) {
    await sandbox.remove()
    throw error
  }
}
