import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { Listening } from '#lib/servers/daemon/listening.js'
import { CNI_PATH, CniApi } from '#lib/servers/cni/api.js'
import { DockerApi } from '#lib/servers/docker/api.js'
import { ByPath } from '#lib/servers/http/by-path.js'
import type { Protocol } from '#lib/servers/http/protocol.js'
import { HttpService } from '#lib/servers/http/server.js'
import { Log } from '#lib/servers/log.js'

/** Docker's API and the plugin of CNI of an open host, at a socket of its own, until the test ends. */

export interface ApiServer {
  /** Path of the socket. */
  socket: string
  service: HttpService
  /** What it has logged so far, a line each. */
  logged: string[]
}

export const serveApi = (t: ExecutionContext, slipway: Slipway, limits: { bodyMs?: number } = {}): Promise<ApiServer> =>
  serveProtocol(
    t,
    () => new ByPath(new Map([[CNI_PATH, new CniApi(slipway)]]), new DockerApi({ slipway, version: '0.1.0' })),
    limits,
  )

/** What is spoken over HTTP, at a socket of its own, until the test ends. */
export async function serveProtocol(
  t: ExecutionContext,
  open: (log: Log) => Protocol | Promise<Protocol>,
  { bodyMs }: { bodyMs?: number } = {},
): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-api-'))
  const logged: string[] = []
  const log = new Log((line) => logged.push(line))
  const service = new HttpService(await open(log), log, {
    connections: 2000,
    ...(bodyMs === undefined ? {} : { bodyMs }),
  })
  const socket = join(folder, 's')
  const listening = await Listening.open(
    service,
    { addresses: [{ kind: 'unix', path: socket }], gid: process.getegid?.() ?? 0, tls: undefined },
    log,
  )
  t.teardown(async () => {
    await listening.close(0)
    rmSync(folder, { recursive: true })
  })
  return { socket, service, logged }
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: string
  /** What it says as JSON; `undefined` for what is none. */
  json: unknown
}

/** @param body - An object is sent as JSON. */
export function call(
  { socket }: Pick<ApiServer, 'socket'>,
  method: string,
  path: string,
  body?: unknown,
  options: RequestOptions = {},
): Promise<Answer> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        socketPath: socket,
        method,
        path,
        agent: false,
        ...options,
        headers: {
          ...(sent === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(sent) }),
          ...options.headers,
        },
      },
      (response) => {
        text(response).then(
          (answer) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: answer,
              json: parsed(answer),
            }),
          reject,
        )
      },
    )
    request.once('error', reject)
    request.end(sent)
  })
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
