import type { CreateOptions } from '../../../api/sandboxes/create-options.js'
import type { EndpointOptions } from '../../../api/sandboxes/endpoint-options.js'
import type { NameOptions } from '../../../base/name-options.js'
import { DEFAULT_NETWORK } from '../../../store/network-spec.js'
import { Fields } from '../../http/fields.js'
import { readEndpointConfig } from '../endpoint.js'
import { readPublished } from './published.js'
import { refuseOthers } from './refused.js'

/** What a body of `POST /containers/create` asks for. */
export interface CreateContainer {
  /** What it is created with. */
  options: CreateOptions
  /** The networks that it is connected to then, by name. */
  others: readonly (readonly [network: string, options: EndpointOptions])[]
  /** Nothing of it is to be remembered once it has stopped. */
  autoRemove: boolean
  /** What does not come about, a sentence each. */
  warnings: string[]
}

/** @throws {HttpError} 400; 501 for what Docker knows and a sandbox has not. */
export function readCreateContainer(name: string, body: Fields): CreateContainer {
  const hostConfig = body.object('HostConfig') ?? new Fields({})
  refuseOthers(body, hostConfig)
  const mode = hostConfig.text('NetworkMode')
  const network = mode === '' || mode === 'default' ? DEFAULT_NETWORK : mode
  const endpoints = readEndpoints(body)
  const main = endpoints.get(mode) ?? endpoints.get(network) ?? (mode === '' ? endpoints.get('default') : undefined)
  const mac = body.text('MacAddress')
  const publish = readPublished(body, hostConfig)
  const options: CreateOptions = {
    network,
    ...(mac === '' ? {} : { mac }),
    ...main,
    ...(name === '' ? {} : { name }),
    ...(publish.length === 0 ? {} : { publish }),
    ...namesOf(body, hostConfig),
    labels: body.pairs('Labels'),
  }
  const others = [...endpoints].filter(([other]) => other !== mode && other !== network && other !== 'default')
  const image = body.text('Image')
  return {
    options,
    others,
    autoRemove: hostConfig.flag('AutoRemove') ?? false,
    warnings:
      image === ''
        ? []
        : [`Image ${JSON.stringify(image)} does not run: a container is a network stack here, and nothing else.`],
  }
}

function readEndpoints(body: Fields): Map<string, EndpointOptions> {
  const given = body.object('NetworkingConfig')?.object('EndpointsConfig')
  return new Map(
    (given?.names() ?? []).map((name) => [name, readEndpointConfig(given?.object(name) ?? new Fields({}), true)]),
  )
}

function namesOf(body: Fields, hostConfig: Fields): NameOptions {
  const [hostname, domainname] = [body.text('Hostname'), body.text('Domainname')]
  const list = (key: keyof NameOptions, field: string) => {
    const given = hostConfig.texts(field)
    return given.length === 0 ? {} : { [key]: given }
  }
  return {
    ...(hostname === '' ? {} : { hostname }),
    ...(domainname === '' ? {} : { domainname }),
    ...list('addHost', 'ExtraHosts'),
    ...list('dns', 'Dns'),
    ...list('dnsSearch', 'DnsSearch'),
    ...list('dnsOptions', 'DnsOptions'),
  }
}
