import { invalid, show } from '../errors.js'

/** One subnet of a network, as it is asked for: docker's `--subnet`, `--gateway`, `--ip-range` and `--aux-address`. */
export interface SubnetRequest {
  /**
   * CIDR without host bits. `0.0.0.0/24` and `::/64` mean any free one of this size, `0.0.0.0/0` and `::/0` of any
   * size.
   */
  subnet: string
  /**
   * The bridge's own address, and the endpoints' default gateway. Default: the first free address that endpoints are
   * drawn from.
   */
  gateway?: string
  /** Part of the subnet that endpoints' addresses are drawn from, as CIDR. Default: all of it. */
  ipRange?: string
  /**
   * Addresses that are never given, by name: those of routers and others outside our hands. The names
   * `DefaultGatewayIPv4` and `DefaultGatewayIPv6` make them the endpoints' default gateway, as in docker.
   */
  auxAddresses?: Readonly<Record<string, string>>
}

const KEYS = ['subnet', 'gateway', 'ipRange', 'auxAddresses']

/**
 * Checks the shape of `subnets`; what the texts say is checked when they are read.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function checkSubnetRequests(subnets: unknown): asserts subnets is readonly SubnetRequest[] {
  if (!Array.isArray(subnets))
    throw invalid(`subnets must be a list, as in [{ subnet: '172.20.0.0/16' }], and is ${show(subnets)}.`)
  for (const [index, given] of subnets.entries()) {
    const name = `subnets[${index}]`
    if (!isPlain(given))
      throw invalid(`${name} must be an object, as in { subnet: '172.20.0.0/16' }, and is ${show(given)}.`)
    const { auxAddresses, ...texts } = given
    for (const [key, value] of Object.entries(texts)) {
      if (!KEYS.includes(key)) throw invalid(`${name}: there is no option ${show(key)}. There are ${KEYS.join(', ')}.`)
      if (value !== undefined && typeof value !== 'string')
        throw invalid(`${name}.${key} must be one text, and is ${show(value)}.`)
    }
    if (texts['subnet'] === undefined) {
      throw invalid(
        `${name}.subnet is missing. Give a CIDR, as in '172.20.0.0/16', or '0.0.0.0/24' for any free subnet of that size.`,
      )
    }
    if (auxAddresses === undefined) continue
    if (!isPlain(auxAddresses))
      throw invalid(
        `${name}.auxAddresses must be addresses by name, as in { router: '172.20.0.9' }, and is ${show(auxAddresses)}.`,
      )
    for (const [key, value] of Object.entries(auxAddresses)) {
      if (typeof value !== 'string')
        throw invalid(`${name}.auxAddresses: the address of ${show(key)} must be a text, and is ${show(value)}.`)
    }
  }
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
