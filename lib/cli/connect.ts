import { checkOptions } from '../base/checks.js'
import { endpointChecks } from '../api/sandboxes/endpoint-options.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { asUsage } from './failures.js'
import { findNetwork, findSandbox } from './find.js'
import { printJson } from './output.js'
import { endpointOptions } from './sandbox-options.js'
import type { EndpointFlags } from './usage/sandbox-flags.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

export type ConnectFlags = EndpointFlags & { json?: true }
export type DisconnectFlags = { force?: boolean; json?: true }

export async function connect(host: GivenHost, network: string, sandbox: string, flags: ConnectFlags): Promise<void> {
  const options = endpointOptions(flags)
  asUsage(() => checkOptions('connect', options, endpointChecks))
  const endpoint = await withBoth(host, network, sandbox, (found, name) => found.connect(name, options))
  if (flags.json) printJson(endpoint)
}

export async function disconnect(
  host: GivenHost,
  network: string,
  sandbox: string,
  { force = false, json }: DisconnectFlags,
): Promise<void> {
  const left = await withBoth(host, network, sandbox, async (found, name) => {
    await found.disconnect(name, { force })
    return found.endpoints
  })
  if (json) printJson(left)
}

/** Networks are found by id, too, those that every host has among them. */
const withBoth = <T>(
  host: GivenHost,
  network: string,
  sandbox: string,
  work: (sandbox: Sandbox, network: string) => Promise<T>,
): Promise<T> =>
  withSlipway(host, async (slipway) => {
    const { name } = await findNetwork(slipway, network)
    return work(await findSandbox(slipway, sandbox), name)
  })
