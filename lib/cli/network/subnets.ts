import { familyOf } from '../../base/addresses/ip.js'
import { isIp } from '../../base/addresses/address.js'
import { readSubnet } from '../../base/addresses/read-subnet.js'
import { contains, covers, overlap, parseSubnet, printSubnet, type Subnet } from '../../base/addresses/subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { UsageError } from '../failures.js'

/** What was said of subnets, each flag in the order in which it was given. */
export interface SubnetFlags {
  subnet?: readonly string[]
  gateway?: readonly string[]
  ipRange?: readonly string[]
  auxAddress?: Readonly<Record<string, string>>
}

interface Draft {
  request: SubnetRequest & { auxAddresses?: Record<string, string> }
  subnet: Subnet
}

/**
 * Gives each gateway, range and auxiliary address to the subnet that it lies in, as docker does: with several subnets,
 * the order of the flags says nothing.
 *
 * @throws {UsageError}
 */
export function subnetRequests({
  subnet = [],
  gateway = [],
  ipRange = [],
  auxAddress = {},
}: SubnetFlags): SubnetRequest[] {
  const drafts: Draft[] = []
  for (const text of subnet) {
    const parsed = parseSubnet(text)
    if (!parsed) throw new UsageError(`--subnet "${text}" is no CIDR, as in 172.20.0.0/16 or fd00:1:2:3::/64.`)
    const twin = isAny(parsed) ? undefined : drafts.find((other) => overlap(other.subnet, parsed))
    if (twin)
      throw new UsageError(
        `--subnet ${text} overlaps --subnet ${twin.request.subnet}. The subnets of a network must be apart.`,
      )
    drafts.push({ request: { subnet: text }, subnet: parsed })
  }
  for (const text of gateway) {
    const { request } = around('--gateway', text, text, drafts)
    if (request.gateway !== undefined)
      throw new UsageError(
        `--gateway ${text} and --gateway ${request.gateway} lie in the same subnet ${request.subnet}. A subnet has one.`,
      )
    request.gateway = text
  }
  for (const text of ipRange) {
    const range = parseSubnet(text)
    if (!range) throw new UsageError(`--ip-range "${text}" is no CIDR, as in 172.20.5.0/24.`)
    const { request, subnet: found } = around('--ip-range', text, text.split('/')[0] ?? '', drafts)
    if (!covers(found, range))
      throw new UsageError(
        `--ip-range ${text} is larger than the subnet ${request.subnet}. It must be that or a part of it.`,
      )
    if (request.ipRange !== undefined)
      throw new UsageError(
        `--ip-range ${text} and --ip-range ${request.ipRange} lie in the same subnet ${request.subnet}. A subnet has one.`,
      )
    request.ipRange = text
  }
  for (const [name, text] of Object.entries(auxAddress)) {
    const { request } = around('--aux-address', `${name}=${text}`, text, drafts)
    ;(request.auxAddresses ??= {})[name] = text
  }
  return drafts.map(({ request }) => request)
}

/** `0.0.0.0/24`: any free one of this size. */
const isAny = ({ first }: Subnet): boolean => first === 0n

function around(flag: string, given: string, address: string, drafts: readonly Draft[]): Draft {
  if (!isIp(address)) throw new UsageError(`${flag} ${given}: "${address}" is no IP address.`)
  const found = drafts.find(({ subnet }) => contains(subnet, address))
  if (found) return found
  const subnets = drafts.map(({ subnet }) => printSubnet(subnet))
  throw new UsageError(
    subnets.length === 0
      ? `${flag} ${given} goes with the subnet that it lies in. Give that, too: --subnet ${familyOf(address) === 4 ? '172.20.0.0/16' : 'fd00:1:2:3::/64'}.`
      : `${flag} ${given} lies in no subnet of the network (${subnets.join(', ')}). Choose one inside, or give its subnet, too.`,
  )
}

/** Checks each subnet as far as that goes without looking at the host. @throws {SlipwayError} */
export function checkSubnets(requests: readonly SubnetRequest[]): void {
  const names = {
    subnet: '--subnet',
    gateway: '--gateway',
    ipRange: '--ip-range',
    aux: (name: string) => `--aux-address ${name}`,
    instead: '',
  }
  for (const request of requests) readSubnet(request, names)
}
