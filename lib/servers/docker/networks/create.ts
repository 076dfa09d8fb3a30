import type { SubnetRequest } from '../../../base/addresses/subnet-request.js'
import { SlipwayError } from '../../../base/errors.js'
import { defaultDriver, findDriver } from '../../../drivers/index.js'
import { isPredefined } from '../../../drivers/predefined.js'
import type { CreateNetworkOptions } from '../../../networks/create-options.js'
import type { Fields } from '../../http/fields.js'
import { HttpError } from '../../http/http-error.js'
import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { isOlder } from '../versions.js'

/** From this version of the API on, a client can ask for a network without IPv4. */
const WITHOUT_IPV4 = '1.48'

const ATTACHABLE = 'Attachable changes nothing: every sandbox can be connected to every network.'

/** `docker network create`. */
export async function create({ slipway, apiVersion, body, signal }: DockerCall): Promise<HttpAnswer> {
  refuseOthers(body)
  const options = optionsOf(body, apiVersion)
  if (isPredefined(options.name))
    throw new HttpError(403, `The network "${options.name}" is there on every host. Choose another name.`)
  try {
    const network = await slipway.networks.create({ ...options, signal })
    const warnings = body.flag('Attachable') ? [ATTACHABLE, ...network.warnings] : network.warnings
    return json({ Id: network.id, Warning: warnings.join(' ') }, 201)
  } catch (error) {
    // To Docker, such a driver is a plugin that is not there.
    if (error instanceof SlipwayError && error.code === 'UNSUPPORTED' && !isDriver(options.driver))
      throw new HttpError(404, error.message)
    throw error
  }
}

const isDriver = (name = defaultDriver.name): boolean => findDriver(name) !== undefined

function optionsOf(body: Fields, apiVersion: string): CreateNetworkOptions {
  const driver = body.text('Driver')
  const ipv4 = isOlder(apiVersion, WITHOUT_IPV4) ? undefined : body.flag('EnableIPv4')
  const ipv6 = body.flag('EnableIPv6')
  const subnets = (body.object('IPAM')?.objects('Config') ?? []).flatMap(subnetOf)
  return {
    name: body.text('Name'),
    ...(driver === '' ? {} : { driver }),
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(subnets.length === 0 ? {} : { subnets }),
    internal: body.flag('Internal') ?? false,
    labels: body.pairs('Labels'),
    options: body.pairs('Options'),
  }
}

/** A part that says nothing asks for nothing. */
function subnetOf(config: Fields): SubnetRequest[] {
  const [subnet, gateway, ipRange] = [config.text('Subnet'), config.text('Gateway'), config.text('IPRange')]
  const auxAddresses = config.pairs('AuxiliaryAddresses')
  const request = {
    ...(subnet === '' ? {} : { subnet }),
    ...(gateway === '' ? {} : { gateway }),
    ...(ipRange === '' ? {} : { ipRange }),
    ...(Object.keys(auxAddresses).length === 0 ? {} : { auxAddresses }),
  }
  // Without a subnet, the library says what is missing.
  return Object.keys(request).length === 0 ? [] : [request as SubnetRequest]
}

/** What Docker knows and Slipway does not do is refused, and not left out in silence. @throws {HttpError} 501 */
function refuseOthers(body: Fields): void {
  const ipam = body.object('IPAM')
  const driver = ipam?.text('Driver') ?? ''
  if (driver !== '' && driver !== 'default')
    throw new HttpError(501, `IPAM.Driver ${JSON.stringify(driver)}: Slipway gives addresses itself. Leave it out.`)
  if (Object.keys(ipam?.pairs('Options') ?? {}).length > 0)
    throw new HttpError(501, 'IPAM.Options: Slipway gives addresses itself, and has no options of that. Leave it out.')
  for (const flag of ['Ingress', 'ConfigOnly'])
    if (body.flag(flag)) throw new HttpError(501, `${flag} is for a swarm, and Slipway is for one host. Leave it out.`)
  if ((body.object('ConfigFrom')?.text('Network') ?? '') !== '')
    throw new HttpError(501, 'ConfigFrom is for a swarm, and Slipway is for one host. Leave it out.')
  const scope = body.text('Scope')
  if (scope !== '' && scope !== 'local')
    throw new HttpError(501, `Scope ${JSON.stringify(scope)}: Slipway is for one host, and its networks are local.`)
}
