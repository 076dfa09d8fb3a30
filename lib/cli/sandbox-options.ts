import { readCreateOptions, type CreateOptions } from '../api/sandboxes/create-options.js'
import type { CreateRequest } from '../work/create-request.js'
import type { EndpointOptions } from '../api/sandboxes/endpoint-options.js'
import { caller, Elsewhere, isSameForAll } from './caller.js'
import { asUsage } from './failures.js'
import { hostOptions } from './host-options.js'
import type { EndpointFlags, SandboxFlags } from './usage/sandbox-flags.js'
import type { GivenHost } from './usage/host-flags.js'

/** What the flags of a sandbox and of an endpoint mean to the library. */

export const endpointOptions = ({
  ip,
  ip6,
  macAddress,
  networkAlias,
  gwPriority,
  interface: name,
}: EndpointFlags): EndpointOptions => ({
  ...(ip === undefined ? {} : { ip }),
  ...(ip6 === undefined ? {} : { ip6 }),
  ...(macAddress === undefined ? {} : { mac: macAddress }),
  ...(networkAlias === undefined ? {} : { aliases: networkAlias }),
  ...(gwPriority === undefined ? {} : { gwPriority }),
  ...(name === undefined ? {} : { interface: name }),
})

/**
 * What was asked for, checked as far as that goes without looking at the host.
 *
 * @throws {UsageError}
 */
export function sandboxOptions(
  host: GivenHost,
  flags: SandboxFlags,
): { options: CreateOptions; request: CreateRequest } {
  hostOptions(host)
  if (flags.netns !== undefined && caller() && !isSameForAll(flags.netns)) throw new Elsewhere()
  const { macAddress, networkAlias, dnsOption, label, ...rest } = flags
  const options: CreateOptions = {
    ...rest,
    ...endpointOptions(flags),
    ...(dnsOption ? { dnsOptions: dnsOption } : {}),
    ...(label ? { labels: label } : {}),
  }
  return { options, request: asUsage(() => readCreateOptions(options)) }
}
