import type { ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { serveApi, type ApiServer } from './api-server.js'
import { docker } from './docker-command.js'
import { World } from './world.js'

/** A host with a server, and docker's own command. */
export interface Served {
  world: World
  slipway: Slipway
  server: ApiServer
  /** For DOCKER_HOST. */
  host: string
  /** What it prints, where it is done. */
  done(...args: string[]): Promise<string>
  /** What it complains of, where it is refused. */
  refused(...args: string[]): Promise<string>
}

export async function served(t: ExecutionContext): Promise<Served> {
  const world = new World(t)
  const slipway = await world.open()
  const server = await serveApi(t, slipway)
  const host = `unix://${server.socket}`
  return {
    world,
    slipway,
    server,
    host,
    async done(...args) {
      const { status, stdout, stderr } = await docker(host, ...args)
      t.is(status, 0, `docker ${args.join(' ')}: ${stderr}`)
      return stdout.trimEnd()
    },
    async refused(...args) {
      const { status, stderr } = await docker(host, ...args)
      t.is(status, 1, `docker ${args.join(' ')}`)
      return stderr.trimEnd()
    },
  }
}
