import { randomBytes } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { call, serveApi, type ApiServer } from './api-server.js'
import { ip, World, type Place } from './world.js'

/** Containers as a runtime has them, and a plugin of CNI as a runtime calls it. */

export interface CniAnswer {
  /** Whether it has exited with 0. */
  done: boolean
  /** What it has printed. */
  printed: Printed
}

/** A result, or an error. */
export interface Printed {
  cniVersion?: string
  supportedVersions?: string[]
  interfaces?: { name: string; mac?: string; sandbox?: string }[]
  ips?: { version?: string; address: string; gateway?: string; interface?: number }[]
  routes?: { dst: string; gw?: string }[]
  dns?: object
  code?: number
  msg?: string
}

/** @param config - An object is sent as JSON. */
export type Plugin = (variables: Readonly<Record<string, string>>, config: unknown) => Promise<CniAnswer>

/** Of a configuration, what a runtime hands to the plugin. */
export const WEB = {
  cniVersion: '1.1.0',
  name: 'web',
  type: 'slipway',
  ipam: { type: 'slipway', subnet: '10.22.0.0/24', gateway: '10.22.0.1', routes: [{ dst: '0.0.0.0/0' }] },
}

export interface CniWorld {
  world: World
  slipway: Slipway
  server: ApiServer
  /** The plugin, by the socket of a server. */
  plugin: Plugin
  /** A container that its runtime has made: a namespace and an id. */
  container(): CniContainer
  add(container: CniContainer, config?: object, more?: Readonly<Record<string, string>>): Promise<CniAnswer>
  del(container: CniContainer, config?: object, more?: Readonly<Record<string, string>>): Promise<CniAnswer>
}

export interface CniContainer extends Place {
  id: string
}

export async function cniWorld(t: ExecutionContext): Promise<CniWorld> {
  const world = new World(t)
  const slipway = await world.open()
  const server = await serveApi(t, slipway)
  const plugin: Plugin = (variables, config) => askServer(server, variables, config)
  let containers = 0
  const does =
    (command: string): CniWorld['add'] =>
    (container, config = WEB, more = {}) =>
      plugin({ ...variablesOf(command, container), ...more }, config)
  return {
    world,
    slipway,
    server,
    plugin,
    container: () => newContainer(world, containers++),
    add: does('ADD'),
    del: does('DEL'),
  }
}

export function newContainer(world: World, number: number): CniContainer {
  const name = world.name(`container${number}`)
  ip('netns', 'add', name)
  return { name, path: `/run/netns/${name}`, id: randomBytes(32).toString('hex') }
}

export const variablesOf = (command: string, { id, path }: CniContainer): Record<string, string> => ({
  CNI_COMMAND: command,
  CNI_CONTAINERID: id,
  CNI_NETNS: path,
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
})

async function askServer(
  server: ApiServer,
  variables: Readonly<Record<string, string>>,
  config: unknown,
): Promise<CniAnswer> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\0`)
  const { status, json } = await call(server, 'POST', '/cni', `${lines.join('')}\0${stdinOf(config)}`)
  return { done: status === 200, printed: json ?? {} }
}

export const stdinOf = (config: unknown): string => (typeof config === 'string' ? config : JSON.stringify(config))
