import type { Slipway } from '#lib/index.js'
import { Listening } from '#lib/servers/daemon/listening.js'
import { DockerApi } from '#lib/servers/docker/api.js'
import { HttpService } from '#lib/servers/http/server.js'
import { Log } from '#lib/servers/log.js'

const SOCKET = '/run/slipway.sock'

export interface Server {
  socket: string
  close(): Promise<void>
}

/** Docker's API of a host. */
export async function serve(slipway: Slipway): Promise<Server> {
  const log = new Log(() => undefined)
  const service = new HttpService(new DockerApi({ slipway, version: '0.1.0' }), log, { connections: 10 })
  const addresses = [{ kind: 'unix', path: SOCKET } as const]
  const listening = await Listening.open(service, { addresses, gid: process.getegid?.() ?? 0, tls: undefined }, log)
  return { socket: SOCKET, close: () => listening.close(0) }
}
