import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { invalid, SlipwayError } from '../../base/errors.js'
import type { HttpService } from '../http/server.js'
import type { Log } from '../log.js'
import { isLoopback, printAddress, type ServerAddress } from './addresses.js'
import { inheritedSockets } from './inherited.js'
import { readTls, tlsServer, type TlsFiles } from './tls.js'
import { listenAt } from './unix-socket.js'

export interface ListenOptions {
  addresses: readonly ServerAddress[]
  /** The group that may connect to sockets with a path. */
  gid: number
  /** For every socket of TCP. Without, only the host's own programs reach them. */
  tls: TlsFiles | undefined
  /** Nothing can be done there, but be read. */
  readOnly?: true
}

/** The sockets of a service, from the first that listens to the last that is closed. */
export class Listening {
  readonly #service: HttpService
  readonly #options: ListenOptions
  readonly #log: Log
  readonly #encrypted: TlsServer[] = []
  readonly #leave: (() => void)[] = []
  /** Where it listens, as it would be given with `-H`. */
  readonly addresses: string[] = []

  private constructor(service: HttpService, options: ListenOptions, log: Log) {
    this.#service = service
    this.#options = options
    this.#log = log
  }

  /** Listens at all addresses, or at none. @throws {SlipwayError} */
  static async open(service: HttpService, options: ListenOptions, log: Log): Promise<Listening> {
    refuseOpenTcp(options)
    const listening = new Listening(service, options, log)
    try {
      for (const address of options.addresses) await listening.#listen(address)
    } catch (error) {
      await listening.close(0)
      throw error
    }
    return listening
  }

  /**
   * Reads the files of TLS again. Connections that are open go on.
   *
   * @throws {SlipwayError} Then they are as they were.
   */
  renewTls(): void {
    const { tls } = this.#options
    if (!tls) return
    const read = readTls(tls)
    for (const server of this.#encrypted) server.setSecureContext(read)
  }

  /** @param graceMs - So long, requests that are worked on may take to come to their end. */
  async close(graceMs: number): Promise<void> {
    for (const leave of this.#leave.splice(0)) leave()
    await this.#service.close(graceMs)
  }

  async #listen(address: ServerAddress): Promise<void> {
    switch (address.kind) {
      case 'unix':
        this.#leave.push(await listenAt(this.#service.plain(), address.path, this.#options.gid))
        this.addresses.push(printAddress(address))
        return
      case 'inherited':
        for (const fd of inheritedSockets()) await this.#inherit(fd)
        return
      case 'tcp':
        await this.#listenTcp(address)
    }
  }

  async #inherit(fd: number): Promise<void> {
    const server = this.#service.plain()
    await listening(server, () => server.listen({ fd }), `The socket that systemd has given as descriptor ${fd}`)
    // Node.js knows no path of a socket that it has not bound. What comes over TCP is encrypted, and that is said with
    // -H tcp://.
    if (typeof server.address() === 'object' && server.address() !== null)
      throw invalid('fd:// is for sockets with a path, and systemd gives one of TCP. Give -H tcp://… in its place.')
    this.addresses.push(`fd://${fd}`)
  }

  async #listenTcp(address: ServerAddress & { kind: 'tcp' }): Promise<void> {
    const { tls } = this.#options
    const { host, port } = address
    if (!tls && !this.#options.readOnly)
      this.#log.warn(
        `every user of this host can do anything to it by ${printAddress(address)}: it asks for no certificate`,
      )
    const server: Server | TlsServer = tls ? this.#encrypt(tls) : this.#service.plain()
    await listening(server, () => server.listen({ host, port }), printAddress(address))
    this.addresses.push(printAddress({ ...address, port: (server.address() as AddressInfo).port }))
  }

  #encrypt(tls: TlsFiles): TlsServer {
    const server = this.#service.attach(tlsServer(readTls(tls)))
    this.#encrypted.push(server)
    return server
  }
}

/** Who reaches the API is root on the host. @throws {SlipwayError} `INVALID_ARGUMENT` */
export function refuseOpenTcp({ addresses, tls, readOnly }: Omit<ListenOptions, 'gid'>): void {
  const open = tls ? undefined : addresses.find((one) => one.kind === 'tcp' && !isLoopback(one.host))
  if (open)
    throw invalid(
      `${printAddress(open)} would ${readOnly ? 'tell every machine that reaches it of this host' : 'let every machine that reaches it do anything to this host'}. Give --tlsverify, --tlscacert, --tlscert and --tlskey, or listen on tcp://127.0.0.1.`,
    )
}

function listening(server: Server | TlsServer, listen: () => void, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(where, error)))
    server.once('listening', () => {
      server.removeAllListeners('error')
      resolve()
    })
    listen()
  })
}

function refused(where: string, { code = '', message }: NodeJS.ErrnoException): SlipwayError {
  if (code === 'EADDRINUSE')
    return new SlipwayError('CONFLICT', `${where}: another program listens there. End that, or give another port.`)
  if (code === 'EADDRNOTAVAIL') return new SlipwayError('INVALID_ARGUMENT', `${where}: this host has no such address.`)
  if (code === 'EACCES') return new SlipwayError('PERMISSION', `${where}: this user may not listen there.`)
  return new SlipwayError('KERNEL', `${where} cannot be listened on (${message}).`)
}
