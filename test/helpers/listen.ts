import { runIn, type Place } from './world.js'

/** Programs of the host, as far as ports are concerned. */

export type HostPort = readonly [protocol: 'tcp' | 'udp', address: string, port: number]

// As any server does it: TCP with SO_REUSEADDR, which is Node's way. IPv6 without IPv4.
const LISTEN = `
  const { createServer } = require('net')
  const { createSocket } = require('dgram')
  const attempt = ([protocol, host, port]) => new Promise((resolve) => {
    const ipv6Only = host.includes(':')
    const server = protocol === 'tcp' ? createServer() : createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only })
    server.on('error', ({ code }) => resolve(code)).on('listening', () => server.close(() => resolve('listens')))
    if (protocol === 'tcp') server.listen({ host, port, ipv6Only })
    else server.bind(port, host)
  })
  const outcomes = []
  for (const wanted of JSON.parse(process.argv[1])) outcomes.push(await attempt(wanted))
  console.log(JSON.stringify(outcomes))
`

/** Lets a program listen on one port after the other. @returns `listens`, or the refusal's errno, for each. */
export async function listenIn(place: Place, ...wanted: HostPort[]): Promise<string[]> {
  return JSON.parse(await nodeIn(place, LISTEN, JSON.stringify(wanted))) as string[]
}

/** Runs a script in a place. @returns what it printed. */
export async function nodeIn(place: Place, script: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await runIn(place, process.execPath, '-e', `(async () => {${script}})()`, ...args)
  if (code !== 0) throw new Error(`a program in ${place.name} ended with status ${code}`)
  return stdout
}
