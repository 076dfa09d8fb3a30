import { Datagrams } from './datagrams.js'
import { Places } from './places.js'
import { Tally } from './tally.js'

/** What the resolvers of a thread have for all sandboxes together. */
export class Shares {
  readonly datagrams = new Datagrams()
  /** Questions that other nameservers are asked, each of which has a socket. */
  readonly forwards = new Places(1024)
  /** TCP connections of sandboxes, and those of one of them. */
  readonly connections = new Places(256, 32)
  /**
   * TCP connections of all that are on none of the networks: they have a few places of their own, whatever address they
   * come from.
   */
  readonly strangers = new Places(16)
  readonly tally: Tally

  constructor(tally = new Tally()) {
    this.tally = tally
  }
}
