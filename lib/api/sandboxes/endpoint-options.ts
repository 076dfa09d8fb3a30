import { invalid, show } from '../../base/errors.js'
import type { EndpointRequest } from '../../store/endpoint.js'
import { canonicalAddress, isIpv6 } from '../../base/addresses/address.js'
import { checks, type Check } from '../../base/checks.js'
import { isLinkName, LINK_NAME } from '../../base/link-name.js'
import { isHostname } from '../../base/name-options.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'

/** What can be asked of an endpoint; docker's flags of `run` and `network connect`. */
export interface EndpointOptions {
  /** IPv4 address inside the network's subnet. Default: the next free one. */
  ip?: string
  /** IPv6 address inside the network's subnet. Default: the next free one. */
  ip6?: string
  /** MAC address. Default: 02:42 and the IPv4 address; without one, at random. */
  mac?: string
  /** More names that other sandboxes of this network find it by. Not on the network `bridge`, which has no names. */
  aliases?: readonly string[]
  /** The endpoint with the highest leads to the world. Default: 0; the same: by the networks' names. */
  gwPriority?: number
  /**
   * Name of its interface inside, which neither another endpoint nor a link of the sandbox's own may have. Default: the
   * first free one of `eth0`, `eth1` and so on, by the network's prefix.
   */
  interface?: string
  /**
   * With `false`, Slipway sets no default route where this endpoint leads to the world: the program that has made the
   * namespace does, or one in the sandbox. Ports are published as ever. Default: true.
   */
  defaultRoute?: boolean
}

const mac: Check = (value) =>
  typeof value === 'string' &&
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value) &&
  (parseInt(value.slice(0, 2), 16) & 1) === 0 &&
  /[^0:]/.test(value)
    ? undefined
    : "a unicast MAC address, as in '02:42:ac:11:00:02'"

const ipv6: Check = (value) =>
  typeof value === 'string' && isIpv6(value) && !/^(?:fe[89ab]|ff)/i.test(value)
    ? undefined
    : "an IPv6 address that is neither link-local nor multicast, as in 'fd00:1:2:3::9'"

const aliases: Check = (value) =>
  Array.isArray(value) && value.every((alias) => isHostname(alias))
    ? undefined
    : 'a list of names of letters, digits, "_", "." and "-", at most 63 between dots and 253 in all'

const gwPriority: Check = (value) =>
  Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31 ? undefined : 'a whole number'

export const endpointChecks: Record<keyof EndpointOptions, Check> = {
  ip: checks.ipv4,
  ip6: ipv6,
  mac,
  aliases,
  gwPriority,
  interface: (value) => (isLinkName(value) && value !== 'lo' ? undefined : LINK_NAME),
  defaultRoute: checks.flag,
}

/** Checked options as they are kept: canonical, and nothing that was left out. */
export function readEndpoint(
  { ip, ip6, mac, aliases, gwPriority, interface: name, defaultRoute = true }: EndpointOptions,
  network: string,
): EndpointRequest {
  if (network === DEFAULT_NETWORK && aliases && aliases.length > 0) {
    throw invalid(
      `aliases does not go with network "${DEFAULT_NETWORK}": its sandboxes do not find each other by name. Create a network: slipway.networks.create({ name: ${show('web')} }).`,
    )
  }
  const request: EndpointRequest = {}
  if (ip !== undefined) request.ip = ip
  if (ip6 !== undefined) request.ip6 = canonicalAddress(ip6) ?? ip6
  if (mac !== undefined) request.mac = mac.toLowerCase()
  if (aliases && aliases.length > 0) request.aliases = [...new Set(aliases)]
  if (gwPriority !== undefined) request.gwPriority = gwPriority
  if (name !== undefined) request.interface = name
  if (!defaultRoute) request.defaultRoute = false
  return request
}
