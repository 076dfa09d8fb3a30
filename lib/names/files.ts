import { isIPv6 } from '../base/addresses/is-address.js'
import type { HostFiles } from './host-files.js'
import { hostsText, type HostsPlace } from './hosts.js'
import type { NameOptions } from '../base/name-options.js'
import { bridgeResolvConf, hostModeResolvConf, parseResolvConf, resolverResolvConf } from './resolv-conf.js'

/** The three files that a runtime binds over those of a sandbox's root: name and text. */
export type NameFiles = Record<'hostname' | 'hosts' | 'resolv.conf', string>

/** Where a sandbox is. Of `container:X` it is X's files that count: there is nothing to make. */
export interface SandboxPlace extends HostsPlace {
  /** Address of the resolver of a user-defined network that the sandbox is on. Without one, the host's nameservers. */
  resolver?: string
}

/**
 * The files of a sandbox with a network of its own.
 *
 * @param options - Checked by `nameChecks`, and with the hostname filled in.
 */
export function sandboxFiles(
  options: NameOptions & { hostname: string },
  place: SandboxPlace,
  host: HostFiles,
): NameFiles {
  return {
    hostname: `${options.hostname}\n`,
    hosts: hostsText(options, place),
    'resolv.conf':
      place.resolver === undefined
        ? bridgeResolvConf(
            host.nameservers,
            options,
            place.addresses.some((address) => isIPv6(address)),
          )
        : resolverResolvConf(host.nameservers, options, place.resolver),
  }
}

/**
 * The files of a sandbox in the host's network: the host's, as they are where no option says otherwise. With `addHost`,
 * `hosts` is one of its own, as with docker, so that a name of the host's can be given another address.
 */
export function hostModeFiles(options: NameOptions, place: Omit<HostsPlace, 'addresses'>, host: HostFiles): NameFiles {
  const hostname = options.hostname ?? host.hostname
  const asked = [options.dns, options.dnsSearch, options.dnsOptions].some((option) => option?.length)
  return {
    hostname: `${hostname}\n`,
    hosts: options.addHost?.length ? hostsText({ ...options, hostname }, { ...place, addresses: [] }) : host.hosts,
    'resolv.conf': asked ? hostModeResolvConf(parseResolvConf(host.resolvConf), options) : host.resolvConf,
  }
}
