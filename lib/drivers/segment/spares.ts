import type { SparesOf } from '../driver.js'
import type { SegmentBody } from './endpoints.js'
import type { SegmentKind } from './kind.js'

/**
 * Spare sandboxes on the segment of a parent. No rule of the host is between their links and the segment, where another
 * machine or process may have their address by then: so nothing is heard of them before they are claimed.
 */
export const sparesOn = ({ driver, alone }: SegmentKind): SparesOf<SegmentBody> => ({
  quiet: true,
  unsuited: ({ network, body: { mode, parent } }) =>
    alone.includes(mode)
      ? `No spare sandboxes are made on the network ${network}: in ${driver}_mode ${mode}, one sandbox has the parent ${parent} to itself. Leave the network out of the pool.`
      : undefined,
  /** As short as the name of a link, as which it may be looked for. */
  nameOf: ({ id }) => `sp-${id.slice(0, 12)}`,
  /** Somebody may have deleted the parent since, and the kernel the links with it. */
  async checks(host, { body: { parent } }) {
    const { index } = await host.ask('link', { name: parent }, true)
    return [{ op: 'link.check', name: parent, index }]
  },
  isOfNetwork: () => true,
  isTaken: () => false,
})
