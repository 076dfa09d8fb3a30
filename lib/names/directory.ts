import { withoutRoot } from '../base/name-options.js'
import type { Asker, Directory } from './resolver/directory.js'

/** A sandbox on a user-defined network, and what it is called there. */
export interface NamedEndpoint {
  network: string
  /** The sandbox's name. */
  sandbox: string
  /** The first twelve digits of its id. */
  shortId: string
  hostname?: string
  /** On this network only. Several sandboxes may share one. */
  aliases: readonly string[]
  /** Canonical. */
  addresses: readonly string[]
  /** Nameservers for other names, as the host reaches them; none for a sandbox without a way out. */
  upstreams: readonly string[]
  /** Names without a dot are asked for outside, too. Default: true. */
  forwardsSingleNames?: boolean
}

/** The endpoints of one network, found by what is asked for. */
interface Network {
  bySandbox: Map<string, NamedEndpoint>
  byAddress: Map<string, NamedEndpoint>
  /** By name in lower case. */
  byName: Map<string, Set<NamedEndpoint>>
}

/**
 * Who is called what, on all user-defined networks of a host. In memory; {@link directory} shows it from one network.
 */
export class NameTable {
  readonly #networks = new Map<string, Network>()
  /** By sandbox, in the order in which it joined. */
  readonly #joined = new Map<string, Set<string>>()

  /** Adds an endpoint, or takes the place of what the sandbox had on this network. */
  put(endpoint: NamedEndpoint): void {
    this.remove(endpoint.network, endpoint.sandbox)
    const network = this.#networks.get(endpoint.network) ?? {
      bySandbox: new Map(),
      byAddress: new Map(),
      byName: new Map(),
    }
    this.#networks.set(endpoint.network, network)
    network.bySandbox.set(endpoint.sandbox, endpoint)
    for (const address of endpoint.addresses) network.byAddress.set(address, endpoint)
    for (const name of namesOf(endpoint))
      network.byName.set(name, (network.byName.get(name) ?? new Set()).add(endpoint))
    this.#joined.set(endpoint.sandbox, (this.#joined.get(endpoint.sandbox) ?? new Set()).add(endpoint.network))
  }

  remove(networkName: string, sandbox: string): void {
    const network = this.#networks.get(networkName)
    const endpoint = network?.bySandbox.get(sandbox)
    if (!network || !endpoint) return
    network.bySandbox.delete(sandbox)
    for (const address of endpoint.addresses)
      if (network.byAddress.get(address) === endpoint) network.byAddress.delete(address)
    for (const name of namesOf(endpoint)) dropFrom(network.byName, name, endpoint)
    dropFrom(this.#joined, sandbox, networkName)
    if (network.bySandbox.size === 0) this.#networks.delete(networkName)
  }

  /** Puts all endpoints of a sandbox in the place of what is known of it. None: it is gone. */
  learn(sandbox: string, endpoints: readonly NamedEndpoint[]): void {
    for (const network of [...(this.#joined.get(sandbox) ?? [])]) this.remove(network, sandbox)
    for (const endpoint of endpoints) this.put(endpoint)
  }

  /**
   * What the resolver of a network knows. @param refresh - Brings this table up to date; see {@link Directory.refresh}.
   */
  directory(networkName: string, refresh?: Directory['refresh']): Directory {
    const endpointOf = ({ network, sandbox }: Asker) => this.#networks.get(network)?.bySandbox.get(sandbox)
    return {
      ...(refresh ? { refresh } : {}),
      asker: (address) => {
        const endpoint = this.#networks.get(networkName)?.byAddress.get(address)
        return endpoint && { sandbox: endpoint.sandbox, network: networkName }
      },
      addresses: (asker, name, family) => {
        const endpoints = this.#find(asker, name)
        const ofFamily = (address: string) => address.includes(':') === (family === 6)
        if (endpoints?.length === 1) return endpoints[0]?.addresses.filter(ofFamily)
        return endpoints && [...new Set(endpoints.flatMap(({ addresses }) => addresses.filter(ofFamily)))]
      },
      name: (asker, address) => {
        const endpoint = this.#seenBy(asker)
          .map((network) => this.#networks.get(network)?.byAddress.get(address))
          .find(Boolean)
        return endpoint && `${endpoint.sandbox}.${endpoint.network}`
      },
      upstreams: (asker) => endpointOf(asker)?.upstreams ?? [],
      forwardsSingleNames: (asker) => endpointOf(asker)?.forwardsSingleNames ?? true,
    }
  }

  /** Networks whose names a sandbox sees: the one that it asks on first. */
  #seenBy({ network, sandbox }: Asker): string[] {
    return [network, ...[...(this.#joined.get(sandbox) ?? [])].filter((other) => other !== network)]
  }

  /** Whom a name means: as it is on the first network that knows it, or as `name.network`. Both parts may have dots. */
  #find(asker: Asker, name: string): NamedEndpoint[] | undefined {
    const seen = this.#seenBy(asker)
    const on = (networks: readonly string[], wanted: string) => {
      const endpoints = networks.map((network) => this.#networks.get(network)?.byName.get(wanted)).find(Boolean)
      return endpoints && [...endpoints]
    }
    const whole = on(seen, name)
    if (whole) return whole
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const suffix = name.slice(dot + 1)
      const found = on(
        seen.filter((network) => network.toLowerCase() === suffix),
        name.slice(0, dot),
      )
      if (found) return found
    }
    return undefined
  }
}

const namesOf = ({ sandbox, shortId, hostname, aliases }: NamedEndpoint): Set<string> =>
  new Set(
    [sandbox, shortId, ...(hostname ? [hostname] : []), ...aliases].map((name) => withoutRoot(name).toLowerCase()),
  )

function dropFrom<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const values = map.get(key)
  values?.delete(value)
  if (values?.size === 0) map.delete(key)
}
