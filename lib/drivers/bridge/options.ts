import { invalid, show } from '../../base/errors.js'
import type { GatewayMode } from '../../base/gateway-mode.js'
import { isIpv6 } from '../../base/addresses/address.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { isIpv4 } from '../../base/addresses/ipv4.js'
import { isLinkName, LINK_NAME } from '../../base/link-name.js'
import { readHostAddress } from '../../claims/ports/host-address.js'
import { EVERY, isEvery } from '../../base/addresses/every.js'
import { defaultHostIps } from './default-spec.js'

/** The bridge driver's options, docker's `--opt`. Unlike docker, an unknown one is refused: it would do nothing. */

export interface DriverOptions {
  bridge?: string
  mtu?: number
  icc: boolean
  masquerade: boolean
  modes: Record<IpFamily, GatewayMode>
  inhibitIpv4: boolean
  hostIps: Partial<Record<IpFamily, string>>
  source: Partial<Record<IpFamily, string>>
  trusted: readonly string[]
  interfacePrefix: string
}

const MODES: readonly string[] = ['nat', 'nat-unprotected', 'routed', 'isolated'] satisfies GatewayMode[]

type Read = (
  value: string,
  wrong: (expected: string) => Error,
) => Partial<DriverOptions> | ((options: DriverOptions) => void)

/** As Go's strconv.ParseBool, which docker reads them by. */
function flag(value: string, wrong: (expected: string) => Error): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false
  throw wrong('true or false')
}

const gatewayMode =
  (family: IpFamily): Read =>
  (value, wrong) => {
    if (!MODES.includes(value)) throw wrong(`one of ${MODES.join(', ')}`)
    return (options) => (options.modes[family] = value as GatewayMode)
  }

const address =
  (which: 'hostIps' | 'source', family: IpFamily): Read =>
  (value, wrong) => {
    if (!(family === 4 ? isIpv4(value) : isIpv6(value))) throw wrong(`an IPv${family} address of the host`)
    const own = readHostAddress(value, (why) => wrong(`an IPv${family} address of the host (${why})`))
    if (which === 'source' && isEvery(own)) throw wrong(`one IPv${family} address of the host`)
    return (options) => (options[which][family] = own)
  }

const linkName: (what: (name: string) => Partial<DriverOptions>) => Read = (what) => (value, wrong) => {
  if (!isLinkName(value)) throw wrong(LINK_NAME)
  return what(value)
}

const OPTIONS: Record<string, Read> = {
  'com.docker.network.bridge.name': linkName((bridge) => ({ bridge })),
  'com.docker.network.bridge.enable_icc': (value, wrong) => ({ icc: flag(value, wrong) }),
  'com.docker.network.bridge.enable_ip_masquerade': (value, wrong) => ({ masquerade: flag(value, wrong) }),
  'com.docker.network.bridge.host_binding_ipv4': address('hostIps', 4),
  'com.docker.network.bridge.host_binding_ipv6': address('hostIps', 6),
  'com.docker.network.bridge.gateway_mode_ipv4': gatewayMode(4),
  'com.docker.network.bridge.gateway_mode_ipv6': gatewayMode(6),
  'com.docker.network.bridge.inhibit_ipv4': (value, wrong) => ({ inhibitIpv4: flag(value, wrong) }),
  'com.docker.network.bridge.trusted_host_interfaces': (value, wrong) => {
    const trusted = value.split(':')
    if (!trusted.every(isLinkName)) throw wrong("interfaces of the host with ':' between them, as in 'eth0:eth1'")
    return { trusted: [...new Set(trusted)] }
  },
  'com.docker.network.driver.mtu': (value, wrong) => {
    const mtu = Number(value)
    if (!/^\d{1,5}$/.test(value) || mtu < 68 || mtu > 65535) throw wrong('a number of bytes from 68 to 65535')
    return { mtu }
  },
  'com.docker.network.container_iface_prefix': (value, wrong) => {
    // Three digits are to fit behind it.
    if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,11}$/.test(value) || value === 'lo')
      throw wrong('the beginning of an interface name, at most 12 letters and digits')
    return { interfacePrefix: value }
  },
  'com.docker.network.host_ipv4': address('source', 4),
  'com.docker.network.host_ipv6': address('source', 6),
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readDriverOptions(
  given: Readonly<Record<string, string>>,
  defaults: { mtu?: number | undefined; ip?: string | undefined } = {},
): DriverOptions {
  const options: DriverOptions = {
    ...(defaults.mtu === undefined ? {} : { mtu: defaults.mtu }),
    icc: true,
    masquerade: true,
    modes: { 4: 'nat', 6: 'nat' },
    inhibitIpv4: false,
    hostIps: { ...defaultHostIps(defaults.ip) },
    source: {},
    trusted: [],
    interfacePrefix: 'eth',
  }
  for (const [name, value] of Object.entries(given)) {
    const read = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    if (!read)
      throw invalid(
        `options: the bridge driver has no option ${show(name)}. There are ${Object.keys(OPTIONS).join(', ')}.`,
      )
    if (typeof value !== 'string') throw invalid(`options: ${name} must be a text, and is ${show(value)}.`)
    const change = read(value, (expected) => invalid(`options: ${name} must be ${expected}, and is ${show(value)}.`))
    if (typeof change === 'function') change(options)
    else Object.assign(options, change)
  }
  leaveOutUnnamed(options, given)
  return options
}

/**
 * As docker: where one address of the host is named, ports are published there and nowhere else, in the other family
 * neither.
 */
function leaveOutUnnamed({ hostIps }: DriverOptions, given: Readonly<Record<string, string>>): void {
  const isNamed = (family: IpFamily) => Object.hasOwn(given, `com.docker.network.bridge.host_binding_ipv${family}`)
  for (const [family, other] of [
    [4, 6],
    [6, 4],
  ] as const)
    if (isNamed(family) && hostIps[family] !== EVERY[family] && !isNamed(other)) delete hostIps[other]
}
