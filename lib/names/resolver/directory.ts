/** A sandbox that asks, known by the address that it asks from. */
export interface Asker {
  /** Its name. */
  sandbox: string
  /** The network that it asks on. */
  network: string
}

/** What a resolver needs to know, seen from one network. Names are lower case and without the last dot. */
export interface Directory {
  /**
   * Called before each question is answered, so that what other processes have changed is known. A promise only where
   * there is something to wait for.
   */
  refresh?(): Promise<void> | void
  /** Who has this address on the network. */
  asker(address: string): Asker | undefined
  /** Addresses of a name, none when it has none of this family; `undefined` when there is no such name. */
  addresses(asker: Asker, name: string, family: 4 | 6): readonly string[] | undefined
  /** The name of an address. */
  name(asker: Asker, address: string): string | undefined
  /** Nameservers to ask for everything else, in order; none for who has no way out. */
  upstreams(asker: Asker): readonly string[]
  /** Whether unknown names without a dot are asked for outside. Else they are left to the search domains. */
  forwardsSingleNames(asker: Asker): boolean
}
