import type { NameFiles } from '../names/files.js'
import type { Listener } from '../kernel/native.js'

/** A sandbox, as what happens inside of it needs it. */
export interface Inside {
  readonly name: string
  /** Its hostname; `undefined` where it is the host's. */
  readonly hostname: string | undefined
  /**
   * Runs a synchronous function with this thread in the sandbox's network.
   *
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
   */
  enter<T>(work: () => T): T
  /** Its files as its processes would see them. @throws {SlipwayError} `NOT_FOUND`, `CLOSED` */
  readNames(): Promise<NameFiles>
  /** Sockets that wait on a port for whoever comes; `undefined` where this kernel does not tell. */
  listeners(protocol: 'tcp' | 'udp', port: number): Promise<readonly Listener[] | undefined>
}
