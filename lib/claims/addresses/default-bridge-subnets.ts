import { invalid } from '../../base/errors.js'
import { completeDrafts, type AddressSpace } from './complete.js'
import { firstFreeSubnet } from './default-subnet.js'
import { familyOf, type IpFamily } from '../../base/addresses/ip.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import { defaultGatewayName, readSubnet, type Names, type SubnetDraft } from '../../base/addresses/read-subnet.js'
import { nth, parseSubnet, printSubnet } from '../../base/addresses/subnet.js'

/** What says which addresses the default bridge has: daemon.json's keys in camelCase. */
export interface DefaultBridgeOptions {
  /** The bridge's own address and subnet. Default: the first free one of the pools. */
  bip?: string
  /** Part of the subnet that addresses are drawn from. */
  fixedCidr?: string
  /** Default gateway of the sandboxes. Default: the bridge. */
  defaultGateway?: string
  /** Default: whether {@link bip6} or {@link fixedCidrV6} is given. */
  ipv6?: boolean
  /** As `bip`. Default: the first address of `fixedCidrV6`; without that, of the first free subnet of the pools. */
  bip6?: string
  /** The bridge's IPv6 subnet; with `bip6`, the part of it that addresses are drawn from. */
  fixedCidrV6?: string
  defaultGatewayV6?: string
}

/** One family of {@link DefaultBridgeOptions}. */
interface Given {
  family: IpFamily
  /** Address of the bridge with prefix. */
  own?: string
  /** CIDR. */
  subnet?: string
  range?: string
  gateway?: string
  names: Names
}

/**
 * The addresses of the default bridge: {@link completeIpam} in the words of daemon.json.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT`, `EXHAUSTED`
 */
export function defaultBridgeSubnets(options: DefaultBridgeOptions, space: AddressSpace): NetworkSubnet[] {
  const { bip, fixedCidr, defaultGateway, bip6, fixedCidrV6, defaultGatewayV6 } = options
  const ipv6 = options.ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined)
  const [unused] = Object.entries({ bip6, fixedCidrV6, defaultGatewayV6 }).filter(([, value]) => value !== undefined)
  if (!ipv6 && unused)
    throw invalid(
      `${unused[0]} ${unused[1]}: the default bridge has no IPv6. Give ipv6: true or fixedCidrV6 with it, or leave ${unused[0]} out.`,
    )
  const v4 = readGiven(
    {
      family: 4,
      ...omitUndefined({ own: bip, range: fixedCidr, gateway: defaultGateway }),
      names: namesOf('bip', 'fixedCidr', 'defaultGateway'),
    },
    space,
  )
  if (!ipv6) return completeDrafts([v4], {}, space)
  const where = bip6 === undefined ? { subnet: fixedCidrV6 } : { own: bip6, range: fixedCidrV6 }
  const names = namesOf(bip6 === undefined ? 'fixedCidrV6' : 'bip6', 'fixedCidrV6', 'defaultGatewayV6')
  const v6 = readGiven({ family: 6, ...omitUndefined({ ...where, gateway: defaultGatewayV6 }), names }, space)
  return completeDrafts([v4, v6], {}, space)
}

const namesOf = (subnet: string, ipRange: string, defaultGateway: string): Names => ({
  subnet,
  gateway: subnet,
  ipRange,
  aux: () => defaultGateway,
  instead: `Choose another, or leave ${subnet} out and a free one is taken`,
})

const omitUndefined = <T extends object>(object: T) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }

function readGiven(
  { family, own, subnet: cidr, range, gateway, names }: Given,
  { pools, occupied }: AddressSpace,
): SubnetDraft {
  const text = own ?? cidr
  const subnet =
    text === undefined
      ? firstFreeSubnet(pools, occupied, { family, asked: names.subnet, instead: `Give ${names.subnet}` })
      : parseCidr(text, family, names.subnet, own === undefined ? 'a CIDR' : 'an address with prefix')
  // As ever for IPv4; for IPv6 the first free one, as for any network.
  const address = own?.split('/')[0] ?? (family === 4 ? nth(subnet, 1) : undefined)
  const request = {
    subnet: printSubnet(subnet),
    ...(address === undefined ? {} : { gateway: address }),
    ...(range === undefined ? {} : { ipRange: printSubnet(parseCidr(range, family, names.ipRange, 'a CIDR')) }),
    ...(gateway === undefined ? {} : { auxAddresses: { [defaultGatewayName(family)]: gateway } }),
  }
  return readSubnet(request, names)
}

/** With host bits or without, as dockerd takes them. */
function parseCidr(text: string, family: IpFamily, name: string, what: string) {
  const subnet = parseSubnet(text)
  if (subnet && familyOf(text) === family) return subnet
  throw invalid(
    `${name} "${text}" is not ${what} of IPv${family}, as in '${family === 4 ? '172.17.0.1/16' : 'fd00:1:2:3::1/64'}'.`,
  )
}
