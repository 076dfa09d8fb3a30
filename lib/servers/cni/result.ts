import { familyOf } from '../../base/addresses/ip.js'
import type { Fields } from '../http/fields.js'
import { isAtLeast, type CniVersion } from './versions.js'

/** What containers are to know of names. */
export interface CniDns {
  nameservers?: string[]
  domain?: string
  search?: string[]
  options?: string[]
}

interface CniInterface {
  name: string
  mac?: string
  /** Path of the container's namespace; left out on the host. */
  sandbox?: string
}

interface CniIp {
  /** With prefix. */
  address: string
  gateway?: string
  /** Which of the interfaces has it. */
  interface: number
}

interface CniRoute {
  dst: string
  gw?: string
}

/** What `ADD` has made. */
export interface CniResult {
  interfaces: CniInterface[]
  ips: CniIp[]
  routes: CniRoute[]
  dns: CniDns
}

/** @param before - What the plugins before this one have made, which comes first. */
export function resultIn(version: CniVersion, made: CniResult, before: Fields | undefined): object {
  const listOf = (name: string): unknown[] =>
    before?.objects(name).map((one) => Object.fromEntries(one.entries())) ?? []
  const interfaces = listOf('interfaces')
  const ips = made.ips.map((ip) => ({
    ...(isAtLeast(version, '1.0.0') ? {} : { version: String(familyOf(ip.address)) }),
    ...ip,
    interface: ip.interface + interfaces.length,
  }))
  return {
    cniVersion: version,
    interfaces: [...interfaces, ...made.interfaces],
    ips: [...listOf('ips'), ...ips],
    routes: [...listOf('routes'), ...made.routes],
    dns: Object.keys(made.dns).length > 0 ? made.dns : Object.fromEntries(before?.object('dns')?.entries() ?? []),
  }
}
