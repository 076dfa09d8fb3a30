import type { SparesOf } from '../driver.js'
import type { BridgeBody } from './endpoint.js'

/** Spare sandboxes on bridges. Their namespaces are called as their links are, by which others know whose they are. */
export const spares: SparesOf<BridgeBody> = {
  nameOf: ({ body }) => body.hostLink,
  /** Somebody may have deleted the bridge or the link since. */
  async checks(host, { body: { hostLink, bridge } }) {
    const { index, master } = await host.ask('link', { name: hostLink }, true)
    return [
      { op: 'link.check', name: bridge, index: master },
      { op: 'link.check', name: hostLink, index },
    ]
  },
  isOfNetwork: ({ body }, { operation }) => operation.op === 'link.check' && operation.name === body.bridge,
  /** Another spare of the bridge, of this process or of another one, has the MAC address. */
  isTaken: ({ operation, errnoName }) => operation.op === 'fdb.add' && errnoName === 'EEXIST',
}
