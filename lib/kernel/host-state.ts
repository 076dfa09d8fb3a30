import type { Host } from './host.js'
import type { AddressInfo, RouteInfo } from './native.js'

/** Addresses and routes of the host at one moment, each asked for once, when somebody wants to know. */
export class HostState {
  readonly #host: Host
  #addresses: Promise<AddressInfo[]> | undefined
  #routes: Promise<RouteInfo[]> | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Of one link, by its number, of both IP versions. */
  async addressesOf(link: number): Promise<AddressInfo[]> {
    this.#addresses ??= bothVersions((ipv6) => this.#host.ask('addresses', { ipv6 }))
    return (await this.#addresses).filter(({ index }) => index === link)
  }

  /** Of all tables and both IP versions. */
  routes(): Promise<RouteInfo[]> {
    return (this.#routes ??= bothVersions((ipv6) => this.#host.ask('routes', { ipv6 })))
  }

  /** A setting of the host's namespace; `undefined` where there is none of that name. */
  sysctl(name: string): Promise<string | undefined> {
    return this.#host.find('sysctl', { name })
  }
}

async function bothVersions<T>(ask: (ipv6: boolean) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all([ask(false), ask(true)])).flat()
}
