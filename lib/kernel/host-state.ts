import type { Host } from './host.js'
import type { AddressInfo, LinkInfo, RouteInfo } from './native.js'

/** Links, addresses and routes of the host at one moment, each asked for once, when somebody wants to know. */
export class HostState {
  readonly #host: Host
  #links: Promise<LinkInfo[]> | undefined
  readonly #addresses = new Map<number, Promise<AddressInfo[]>>()
  #routes: Promise<RouteInfo[]> | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** As they were asked for, where they were. */
  get knownLinks(): Promise<LinkInfo[]> | undefined {
    return this.#links
  }

  links(): Promise<LinkInfo[]> {
    return (this.#links ??= this.#host.ask('links', {}))
  }

  /** Of one link, by its number, of both IP versions. */
  addressesOf(index: number): Promise<AddressInfo[]> {
    const known = this.#addresses.get(index)
    if (known) return known
    const asked = bothVersions((ipv6) => this.#host.ask('addresses', { ipv6, index }))
    this.#addresses.set(index, asked)
    return asked
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
