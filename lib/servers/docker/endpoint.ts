import type { EndpointOptions } from '../../api/sandboxes/endpoint-options.js'
import type { Fields } from '../http/fields.js'
import { HttpError } from '../http/http-error.js'

/** The name of an interface inside. */
const IFNAME = 'com.docker.network.endpoint.ifname'

/**
 * Docker's EndpointSettings, as far as a client asks for something by them.
 *
 * @param takesMac - Whether the MAC address is meant.
 * @throws {HttpError} 400; 501 for what Docker knows and Slipway does not do.
 */
export function readEndpointConfig(config: Fields, takesMac: boolean): EndpointOptions {
  const ipam = config.object('IPAMConfig')
  refuseOthers(config, ipam)
  const [ip, ip6] = [ipam?.text('IPv4Address') ?? '', ipam?.text('IPv6Address') ?? '']
  const mac = takesMac ? config.text('MacAddress') : ''
  const aliases = config.texts('Aliases')
  const gwPriority = config.whole('GwPriority') ?? 0
  const name = config.pairs('DriverOpts')[IFNAME] ?? ''
  return {
    ...(ip === '' ? {} : { ip }),
    ...(ip6 === '' ? {} : { ip6 }),
    ...(mac === '' ? {} : { mac }),
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(gwPriority === 0 ? {} : { gwPriority }),
    ...(name === '' ? {} : { interface: name }),
  }
}

function refuseOthers(config: Fields, ipam: Fields | undefined): void {
  if (config.texts('Links').length > 0)
    throw new HttpError(501, 'Links: sandboxes of one network find each other by name, and by their aliases there.')
  if ((ipam?.texts('LinkLocalIPs') ?? []).length > 0)
    throw new HttpError(501, 'LinkLocalIPs: the kernel gives link-local addresses. Leave it out.')
  const other = Object.keys(config.pairs('DriverOpts')).find((option) => option !== IFNAME)
  if (other !== undefined)
    throw new HttpError(
      501,
      `DriverOpts: there is ${IFNAME}, and no ${other}: what a driver does is an option of the network.`,
    )
}
