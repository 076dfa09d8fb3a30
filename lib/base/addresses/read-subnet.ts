import { invalid, show } from '../errors.js'
import { canonicalAddress, isIp } from './address.js'
import { familyOf, type IpFamily } from './ip.js'
import type { SubnetRequest } from './subnet-request.js'
import { bitsOf, contains, covers, nth, overlap, parseSubnet, printSubnet, unusable, type Subnet } from './subnet.js'

/** What the caller calls the parts of a subnet, for errors. */
export interface Names {
  subnet: string
  gateway: string
  ipRange: string
  aux(name: string): string
  /** What the caller can do where the subnet cannot be had: `Choose another`. */
  instead: string
  /** How it can be had all the same where the host has a way to it. Default: not at all. */
  despite?: string
}

/** A subnet as it was asked for, read and found sensible in itself. */
export interface SubnetDraft {
  names: Names
  family: IpFamily
  /** `undefined`: any free one, of {@link size} if that is given. */
  subnet?: Subnet
  size?: number
  gateway?: string
  range?: Subnet
  aux: Record<string, string>
}

/** Where no network of sandboxes can be, and why. */
const UNFIT: readonly [cidr: string, why: string][] = [
  ['127.0.0.0/8', 'loopback addresses never leave a machine'],
  ['224.0.0.0/4', 'multicast addresses belong to groups'],
  ['::/64', 'it holds the loopback and the IPv4-mapped addresses'],
  ['fe80::/10', 'link-local addresses mean something on one link only, and every endpoint has one of its own'],
  ['ff00::/8', 'multicast addresses belong to groups'],
]

const EXAMPLE = { 4: '172.20.0.0/16', 6: 'fd00:1:2:3::/64' } as const

/** The names by which docker makes an auxiliary address the default gateway of the endpoints. */
export const defaultGatewayName = (family: IpFamily): string => `DefaultGatewayIPv${family}`

/**
 * Reads one subnet, and refuses what cannot be right whatever else there is on the host.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function readSubnet(request: SubnetRequest, names: Names): SubnetDraft {
  const subnet = readCidr(request.subnet, names.subnet)
  const { family, prefix } = subnet
  if (subnet.first === 0n) return readAny(request, names, family, prefix)
  const unfit = UNFIT.find(([cidr]) => familyOf(cidr) === family && overlap(mustParse(cidr), subnet))
  if (unfit)
    throw invalid(
      `${names.subnet} ${printSubnet(subnet)} overlaps ${unfit[0]}: ${unfit[1]}. Choose another, as in '${EXAMPLE[family]}'.`,
    )

  const range = request.ipRange === undefined ? undefined : readRange(request.ipRange, names, subnet)
  const gateway = request.gateway === undefined ? undefined : readHost(request.gateway, names.gateway, subnet)
  const aux = new Map<string, string>()
  for (const [name, text] of Object.entries(request.auxAddresses ?? {})) {
    const address = readHost(text, names.aux(name), subnet)
    if (name !== defaultGatewayName(family)) {
      if (address === gateway)
        throw invalid(
          `${names.aux(name)} ${address} is the gateway (${names.gateway}), which is never given anyway. Leave one of them out.`,
        )
      const twin = [...aux].find(([, other]) => other === address)
      if (twin) throw invalid(`${names.aux(name)} ${address} is ${names.aux(twin[0])} already. Leave one of them out.`)
    }
    aux.set(name, address)
  }
  return {
    names,
    family,
    subnet,
    aux: Object.fromEntries(aux),
    ...(range ? { range } : {}),
    ...(gateway === undefined ? {} : { gateway }),
  }
}

function readAny(request: SubnetRequest, names: Names, family: IpFamily, prefix: number): SubnetDraft {
  const { subnet, gateway, ipRange, auxAddresses = {} } = request
  const [aux] = Object.keys(auxAddresses)
  const fixed =
    gateway !== undefined
      ? names.gateway
      : ipRange !== undefined
        ? names.ipRange
        : aux !== undefined
          ? names.aux(aux)
          : undefined
  if (fixed)
    throw invalid(
      `${fixed} goes with one subnet, and ${names.subnet} ${subnet} means any free one. Give the subnet, or leave ${fixed} out.`,
    )
  return { names, family, aux: {}, ...(prefix > 0 ? { size: prefix } : {}) }
}

function mustParse(cidr: string): Subnet {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}

function readCidr(text: string, name: string): Subnet {
  const subnet = parseSubnet(text)
  if (!subnet) throw invalid(`${name} ${show(text)} is no CIDR, as in '${EXAMPLE[text.includes(':') ? 6 : 4]}'.`)
  const own = canonicalAddress(text.split('/')[0] ?? '')
  if (own !== nth(subnet, 0))
    throw invalid(`${name} ${text} has host bits: the network that ${own} is in is ${printSubnet(subnet)}. Give that.`)
  return subnet
}

function readRange(text: string, names: Names, subnet: Subnet): Subnet {
  const range = readCidr(text, names.ipRange)
  refuseOtherFamily(text, names.ipRange, subnet)
  if (covers(subnet, range)) return range
  const how = overlap(subnet, range) ? 'is larger than' : 'lies outside'
  throw invalid(
    `${names.ipRange} ${printSubnet(range)} ${how} ${printSubnet(subnet)}. It must be that or a part of it, as in '${nth(subnet, 0)}/${Math.min(subnet.prefix + 1, bitsOf(subnet.family))}'.`,
  )
}

/** The canonical text of an address that a host in the subnet may have. */
function readHost(text: string, name: string, subnet: Subnet): string {
  const address = isIp(text) ? canonicalAddress(text) : undefined
  const example = nth(subnet, Math.min(1, Number(subnet.last - subnet.first)))
  if (address === undefined)
    throw invalid(`${name} ${show(text)} is no plain IPv${subnet.family} address, as in '${example}'.`)
  refuseOtherFamily(text, name, subnet)
  if (!contains(subnet, address))
    throw invalid(
      `${name} ${address} lies outside ${printSubnet(subnet)}. Choose an address inside, as in '${example}'.`,
    )
  const [network, broadcast] = unusable(subnet)
  if (address === network) {
    throw invalid(
      `${name} ${address} is the ${subnet.family === 4 ? "network's own address" : "routers' anycast address"} of ${printSubnet(subnet)}. Choose another, as in '${example}'.`,
    )
  }
  if (address === broadcast)
    throw invalid(
      `${name} ${address} is the broadcast address of ${printSubnet(subnet)}. Choose another, as in '${example}'.`,
    )
  return address
}

function refuseOtherFamily(text: string, name: string, subnet: Subnet): void {
  const family = familyOf(text)
  if (family !== subnet.family)
    throw invalid(`${name} ${text} is IPv${family}, and its subnet ${printSubnet(subnet)} is IPv${subnet.family}.`)
}
