import { bracket } from '../../../base/port-mapping.js'
import type { Fields } from '../../http/fields.js'
import { badRequest } from '../../http/http-error.js'

/**
 * What is to be published, in the grammar of `docker run -p`.
 *
 * @throws {HttpError} 400
 */
export function readPublished(body: Fields, hostConfig: Fields): string[] {
  const bindings = hostConfig.object('PortBindings')
  const bound = (bindings?.names() ?? []).flatMap((port) => {
    requirePort('HostConfig.PortBindings', port)
    // As to docker's daemon, a port that is bound to nothing is bound to any.
    const hosts = bindings?.objects(port) ?? []
    return hosts.length === 0 ? [port] : hosts.map((host) => textOf(host, port))
  })
  if (!hostConfig.flag('PublishAllPorts')) return bound
  const given = new Set((bindings?.names() ?? []).map(withProtocol))
  const exposed = body.object('ExposedPorts')?.names() ?? []
  for (const port of exposed) requirePort('ExposedPorts', port)
  return [...bound, ...exposed.filter((port) => !given.has(withProtocol(port)))]
}

function textOf(host: Fields, port: string): string {
  const [ip, hostPort] = [host.text('HostIp'), host.text('HostPort')]
  if (!/^[0-9a-fA-F.:]*$/.test(ip))
    throw badRequest(`HostConfig.PortBindings: HostIp ${JSON.stringify(ip)} is no address.`)
  if (!/^(\d+(-\d+)?)?$/.test(hostPort))
    throw badRequest(`HostConfig.PortBindings: HostPort ${JSON.stringify(hostPort)} is neither a port nor a range.`)
  const from = hostPort === '0' ? '' : hostPort
  if (ip === '') return from === '' ? port : `${from}:${port}`
  return `${bracket(ip)}:${from}:${port}`
}

const withProtocol = (port: string): string => (port.includes('/') ? port : `${port}/tcp`)

function requirePort(field: string, port: string): void {
  if (!/^\d{1,5}(\/[a-z]+)?$/.test(port))
    throw badRequest(`${field}: ${JSON.stringify(port)} is no port: it is written 80 or 80/tcp.`)
}
