import { checkNetworkOptions, type CreateNetworkOptions } from '../../networks/create-options.js'
import { asUsage } from '../failures.js'
import { hostOptions } from '../host-options.js'
import { print, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { checkSubnets, subnetRequests, type SubnetFlags } from './subnets.js'
import type { GivenHost } from '../usage/host-flags.js'

export interface NetworkFlags extends SubnetFlags {
  driver?: string
  ipv4?: boolean
  ipv6?: true
  internal?: true
  force?: true
  label?: Record<string, string>
  opt?: Record<string, string>
}

/**
 * What was asked for, checked as far as that goes without looking at the host.
 *
 * @throws {UsageError}
 */
export function networkOptions(host: GivenHost, name: string, flags: NetworkFlags): CreateNetworkOptions {
  const { settings } = hostOptions(host)
  const { subnet, gateway, ipRange, auxAddress, label, opt, ...rest } = flags
  const subnets = subnetRequests(flags)
  const options: CreateNetworkOptions = {
    name,
    ...rest,
    ...(subnets.length > 0 ? { subnets } : {}),
    ...(label ? { labels: label } : {}),
    ...(opt ? { options: opt } : {}),
  }
  asUsage(
    () => {
      checkNetworkOptions(options, settings)
      checkSubnets(subnets)
    },
    { name: 'NAME' },
  )
  return options
}

/** `slipway network create`. */
export async function createNetwork(
  host: GivenHost,
  name: string,
  { json, ...flags }: NetworkFlags & { json?: true },
): Promise<void> {
  const options = networkOptions(host, name, flags)
  await withSlipway(host, async (slipway, signal) => {
    const made = await slipway.networks.create({ ...options, signal })
    if (json) printJson([await made.inspect()])
    else print(made.id)
  })
}
