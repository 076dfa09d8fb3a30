import { invalid, show } from '../errors.js'
import { isIpv4 } from '../ipam/ipv4.js'
import type { Protocol } from '../plan/operation.js'

/** A published port. */
export interface PortMapping {
  protocol: Protocol
  containerPort: number
  /** `0.0.0.0` for every address of the host. */
  hostIp: string
  hostPort: number
}

/** A port to publish; without a host port, a free one is chosen. */
export type PortRequest = Omit<PortMapping, 'hostPort'> & { hostPort?: number }

export const isComplete = (request: PortRequest): request is PortMapping => request.hostPort !== undefined

/** As docker writes it: `0.0.0.0:8080->80/tcp`. */
export const printMapping = (mapping: PortMapping): string =>
  `${mapping.hostIp}:${mapping.hostPort}->${mapping.containerPort}/${mapping.protocol}`

const GRAMMAR = `'80', '8080:80', '127.0.0.1::80' or '127.0.0.1:8080:80', ranges as in '9000-9010:90-100', with '/udp' behind for UDP`

/**
 * Reads one `-p` specification: `[hostIp:][hostPort[-end]:]containerPort[-end][/tcp|udp]`.
 *
 * @param defaultIp - Host address where none is named.
 */
export function parsePublish(text: string, defaultIp: string): PortRequest[] {
  const wrong = (why: string) => invalid(`publish ${show(text)}: ${why}. A port mapping is ${GRAMMAR}.`)
  if (typeof text !== 'string') throw invalid(`publish takes texts, not ${show(text)}. A port mapping is ${GRAMMAR}.`)
  const [mapping = '', protocol = 'tcp', ...rest] = text.split('/')
  if (rest.length > 0 || (protocol !== 'tcp' && protocol !== 'udp')) {
    throw wrong(`${show([protocol, ...rest].join('/'))} is no protocol that can be published (tcp, udp)`)
  }
  if (mapping.includes('[')) throw wrong('IPv6 host addresses are not supported yet')
  const parts = mapping.split(':')
  if (parts.length > 3) throw wrong('it has too many colons')
  const container = parts.pop() ?? ''
  const host = parts.pop() ?? ''
  const hostIp = parts.pop() ?? defaultIp
  if (hostIp !== defaultIp && !isIpv4(hostIp)) throw wrong(`${show(hostIp)} is no IPv4 address`)
  const containerPorts = parseRange(container, (why) => wrong(`container port ${why}`))
  if (host === '') return containerPorts.map((containerPort) => ({ protocol, containerPort, hostIp }))
  const hostPorts = parseRange(host, (why) => wrong(`host port ${why}`))
  if (hostPorts.length !== containerPorts.length) {
    throw wrong(`the ranges differ in length: ${hostPorts.length} host ports for ${containerPorts.length} container ports`)
  }
  return containerPorts.map((containerPort, index) => ({ protocol, containerPort, hostIp, hostPort: hostPorts[index] ?? 0 }))
}

function parseRange(text: string, wrong: (why: string) => Error): number[] {
  const [first, last = first, ...rest] = text.split('-').map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : NaN))
  if (first === undefined || rest.length > 0 || Number.isNaN(first) || Number.isNaN(last)) throw wrong(`${show(text)} is no number or range`)
  if (first < 1 || Number(last) > 65535) throw wrong(`${text} is outside 1-65535`)
  if (Number(last) < first) throw wrong(`range ${text} runs backwards`)
  return Array.from({ length: Number(last) - first + 1 }, (_, index) => first + index)
}

/** Checks a mapping given as an object. */
export function checkRequest(request: PortRequest): PortRequest {
  const { protocol, containerPort, hostIp, hostPort, ...rest } = request
  const right =
    (protocol === 'tcp' || protocol === 'udp') && isPort(containerPort) && (hostPort === undefined || isPort(hostPort)) &&
    typeof hostIp === 'string' && isIpv4(hostIp) && Object.keys(rest).length === 0
  if (!right) {
    throw invalid(
      `publish ${show(request)}: as an object, a port mapping is { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 } ` +
        `with protocol tcp or udp, an IPv4 address and ports from 1 to 65535; without hostPort, a free one is chosen.`,
    )
  }
  return { protocol, containerPort, hostIp, ...(hostPort === undefined ? {} : { hostPort }) }
}

const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535
