import type { EndpointOptions } from '../../../api/sandboxes/endpoint-options.js'
import type { Sandbox } from '../../../api/sandboxes/sandbox.js'
import { Fields } from '../../http/fields.js'
import { badRequest, HttpError } from '../../http/http-error.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { isOlder } from '../versions.js'
import { find } from './find.js'

/** Clients of older versions send a MAC address that they have read somewhere, and Docker's daemon passes over it. */
const WITH_MAC = '1.54'

/** `docker network connect`. To Docker, a sandbox is a container. */
export async function connect(call: DockerCall): Promise<HttpAnswer> {
  const { body, apiVersion, signal } = call
  const options = optionsOf(body.object('EndpointConfig') ?? new Fields({}), apiVersion)
  const sandbox = await findSandbox(call)
  const { name } = await find(call)
  await sandbox.connect(name, { ...options, signal })
  return { status: 200 }
}

/** `docker network disconnect`. */
export async function disconnect(call: DockerCall): Promise<HttpAnswer> {
  const { body, signal } = call
  const force = body.flag('Force') ?? false
  const sandbox = await findSandbox(call)
  const { name } = await find(call)
  await sandbox.disconnect(name, { force, signal })
  return { status: 200 }
}

/** Docker's names begin with a slash where they are shown. @throws {HttpError} 400 where none is named. */
function findSandbox({ slipway, body, signal }: DockerCall): Promise<Sandbox> {
  const name = body.text('Container').replace(/^\//, '')
  if (name === '') throw badRequest('Container is missing: the name or id of a sandbox.')
  return slipway.sandboxes.get(name, { signal })
}

function optionsOf(config: Fields, apiVersion: string): EndpointOptions {
  const ipam = config.object('IPAMConfig')
  refuseOthers(config, ipam)
  const [ip, ip6] = [ipam?.text('IPv4Address') ?? '', ipam?.text('IPv6Address') ?? '']
  const mac = isOlder(apiVersion, WITH_MAC) ? '' : config.text('MacAddress')
  const aliases = config.texts('Aliases')
  const gwPriority = config.whole('GwPriority') ?? 0
  return {
    ...(ip === '' ? {} : { ip }),
    ...(ip6 === '' ? {} : { ip6 }),
    ...(mac === '' ? {} : { mac }),
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(gwPriority === 0 ? {} : { gwPriority }),
  }
}

/** @throws {HttpError} 501 for what Docker knows and Slipway does not do. */
function refuseOthers(config: Fields, ipam: Fields | undefined): void {
  if (config.texts('Links').length > 0)
    throw new HttpError(501, 'Links: sandboxes of one network find each other by name, and by their aliases there.')
  if ((ipam?.texts('LinkLocalIPs') ?? []).length > 0)
    throw new HttpError(501, 'LinkLocalIPs: the kernel gives link-local addresses. Leave it out.')
  if (Object.keys(config.pairs('DriverOpts')).length > 0)
    throw new HttpError(501, 'DriverOpts: what a driver does is an option of the network. Leave it out.')
}
