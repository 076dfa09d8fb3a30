import { createServer, type Server as HttpServer } from 'node:http'
import { readdirSync, readlinkSync } from 'node:fs'
import type { Server } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from '#lib/index.js'
import { serveUdpNames } from './names.js'
import { NEIGHBOUR_ADDRESS, type World } from './world.js'

/** Sandboxes on a network of both families, for what this process does inside of them. */

export const WEB = { name: 'web', subnets: [{ subnet: '172.20.0.0/24' }, { subnet: 'fd00:20::/64' }], ipv6: true }

export async function onWeb(t: ExecutionContext, world: World, ...names: string[]): Promise<[Slipway, ...Sandbox[]]> {
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  // A nameserver that knows no name.
  serveUdpNames(t, world.neighbour, NEIGHBOUR_ADDRESS, (message) => [
    Buffer.concat([message.subarray(0, 2), Buffer.from([0x81, 0x83]), message.subarray(4)]),
  ])
  const made: Sandbox[] = []
  for (const name of names)
    made.push(await world.create(slipway, name, { network: 'web', aliases: [name], dns: [NEIGHBOUR_ADDRESS] }))
  return [slipway, ...made]
}

/** Its first address of a family on the network. */
export const addressOf = ({ endpoints }: Sandbox, family: 4 | 6 = 4): string =>
  (endpoints[0]?.addresses ?? [])
    .map((one) => one.split('/')[0] ?? '')
    .find((one) => one.includes(':') === (family === 6)) ?? ''

/** Closed with the test, and its connections with it. */
export function closing<S extends Server>(t: ExecutionContext, server: S): S {
  t.teardown(() => {
    if ('closeAllConnections' in server) (server as unknown as HttpServer).closeAllConnections()
    server.close()
  })
  return server
}

/** Says who asks for what. */
export const hello = (t: ExecutionContext): HttpServer =>
  closing(
    t,
    createServer((request, response) => response.end(`${request.socket.remoteAddress} asks for ${request.url}`)),
  )

/** What this process has open that is a socket or a namespace: what a leak would add to. */
export const descriptors = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(socket|net|uts|pipe):/.test(readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      return false
    }
  }).length
