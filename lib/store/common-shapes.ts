import { isIp } from '../base/addresses/address.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import { isLinkName, LINK_NAME } from '../base/link-name.js'
import { nameCheck } from '../base/name.js'
import { fields, is, optional, text, textThat, whole, type Shape } from './shape.js'

/**
 * What fields of several kinds of records are. Nothing that is written so reads as anything else in a command, a path
 * or a set's key.
 */

export const id = text('64 hex digits', /^[0-9a-f]{64}$/)
export const name: Shape = is(
  'a name of at most 100 letters, digits, "_", "." and "-"',
  (value) => nameCheck(value) === undefined,
)
export const link: Shape = is(LINK_NAME, isLinkName)
export const mac = text('a MAC address', /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
export const mtu = whole(68, 65535)
export const address = textThat('an IP address', isIp)
export const addressOf = (family: IpFamily): Shape =>
  textThat(`an IPv${family} address`, (value) => isIp(value) && familyOf(value) === family)
export const cidr = textThat('a subnet', (value) => parseSubnet(value) !== undefined)
export const mode = text('nat, nat-unprotected, routed or isolated', /^(nat|nat-unprotected|routed|isolated)$/)
export const created = textThat('a date', (value) => !Number.isNaN(Date.parse(value)))
export const anyText = is('a text', (value) => typeof value === 'string')

/** PID_MAX_LIMIT of linux/threads.h on 64 bits. */
const LAST_PID = 4_194_304

/** See {@link Maker}. */
export const maker = fields({
  pid: whole(1, LAST_PID),
  started: text('a number of ticks', /^\d{0,20}$/),
  boot: optional(text('a boot id', /^[0-9a-f-]{36}$/)),
})
