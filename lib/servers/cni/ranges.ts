import { familyOf } from '../../base/addresses/ip.js'
import { isIp, toValue } from '../../base/addresses/address.js'
import {
  bitsOf,
  nth,
  parseSubnet,
  printSubnet,
  subnetAround,
  unusable,
  type Subnet,
} from '../../base/addresses/subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { invalid, show } from '../../base/errors.js'
import type { Fields } from '../http/fields.js'
import { CniError } from './cni-error.js'

/**
 * The subnets of an `ipam` of ours, in the words of the plugin host-local: one in the object itself, more in `ranges`,
 * a list for each address that a container gets.
 *
 * @throws {HttpError} @throws {SlipwayError} @throws {CniError}
 */
export function subnetsOf(ipam: Fields): SubnetRequest[] {
  const own = ipam.text('subnet') === '' ? [] : [subnetOf(ipam, 'ipam')]
  return [...own, ...rangesOf(ipam, 'ranges', 'ipam.ranges')]
}

/** @param name - Of a field that is a list of such lists. */
export const rangesOf = (fields: Fields, name: string, where: string): SubnetRequest[] =>
  fields.lists(name).map((pool, at) => {
    const [first, second] = pool
    if (!first) throw invalid(`${where}[${at}] has no subnet.`)
    if (second)
      throw new CniError(
        'UNSUPPORTED_FIELD',
        `${where}[${at}] has several subnets for one address, ${show(pool.map((one) => one.text('subnet')))}. Give one, of the size that it takes.`,
      )
    return subnetOf(first, `${where}[${at}][0]`)
  })

function subnetOf(fields: Fields, where: string): SubnetRequest {
  const [subnet, gateway] = [fields.text('subnet'), fields.text('gateway')]
  const parsed = parseSubnet(subnet)
  if (!parsed) throw invalid(`${where}.subnet must be a CIDR, as in "10.22.0.0/16", and is ${show(subnet)}.`)
  const range = fields.text('ipRange') || rangeOf(parsed, fields.text('rangeStart'), fields.text('rangeEnd'), where)
  return {
    subnet: printSubnet(parsed),
    ...(gateway === '' ? {} : { gateway }),
    ...(range === '' ? {} : { ipRange: range }),
  }
}

/**
 * The part from one address to another, as CIDR: addresses are drawn from such parts. Ends of it that no container can
 * have anyway may be left out.
 */
function rangeOf(subnet: Subnet, start: string, end: string, where: string): string {
  if (start === '' && end === '') return ''
  for (const [name, text] of [
    ['rangeStart', start],
    ['rangeEnd', end],
  ] as const)
    if (text !== '' && (!isIp(text) || familyOf(text) !== subnet.family))
      throw invalid(`${where}.${name} must be an address of ${printSubnet(subnet)}, and is ${show(text)}.`)
  const { family } = subnet
  const first = start === '' ? subnet.first : toValue(start)
  const last = end === '' ? subnet.last : toValue(end)
  const never = new Set(unusable(subnet).map(toValue))
  const reaches = (value: bigint, edge: bigint) => value === edge || (never.has(edge) && abs(value - edge) === 1n)
  for (let prefix = subnet.prefix; prefix <= bitsOf(family); prefix++) {
    const part = subnetAround(family, first, prefix)
    if (reaches(first, part.first) && reaches(last, part.last))
      return prefix === subnet.prefix ? '' : `${nth(part, 0)}/${prefix}`
  }
  throw new CniError(
    'UNSUPPORTED_FIELD',
    `${where}: from ${start || 'the beginning'} to ${end || 'the end'} is no part of ${printSubnet(subnet)} that one CIDR describes. Give ipRange, as in ${show(printSubnet(subnetAround(family, first, Math.min(bitsOf(family), subnet.prefix + 1))))}.`,
  )
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value)
