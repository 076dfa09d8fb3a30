import { SlipwayError } from '../../base/errors.js'
import { leafNumber } from './leaf-name.js'
import { hasFamily } from '../../store/network-spec.js'
import type { Healing } from '../networks-of.js'
import type { BridgeBody } from './endpoint.js'
import { answerSetting, claimLeaf } from './leaf.js'
import { ensureLeaf, isLeafWhole } from './leaves.js'
import type { BridgeNetwork } from './spec.js'

/**
 * Gives networks back the leaves that sandboxes are on, where somebody has deleted or flushed them, whole or in part.
 * (Those that no sandbox is on are looked at when one comes.)
 *
 * @returns What was healed.
 */
export async function healLeaves({
  host,
  ready,
  records,
  links,
  setContents,
  state,
}: Healing): Promise<{ network: string; link: string }[]> {
  const wanted = new Map<string, Set<string>>()
  for (const { network, driver, body } of records.flatMap(({ endpoints }) => endpoints)) {
    if (driver !== 'bridge') continue
    const { bridge, leafOf } = body as BridgeBody
    if (leafOf === undefined) continue
    const leaves = wanted.get(network)
    if (leaves) leaves.add(bridge)
    else wanted.set(network, new Set([bridge]))
  }
  const byName = new Map(links.map((link) => [link.name, link]))
  const healed: { network: string; link: string }[] = []
  for (const [network, leaves] of wanted) {
    try {
      const spec = (await ready(network)).spec as BridgeNetwork
      const answers = (await host.find('sysctl', { name: answerSetting(spec) })) === (hasFamily(spec, 4) ? '0' : '1')
      for (const name of leaves) {
        const number = leafNumber(spec, name)
        const link = byName.get(name)
        if (
          number === undefined ||
          (answers &&
            link !== undefined &&
            (await isLeafWhole(state, spec, number, link)) &&
            (await setContents.lacking(claimLeaf(spec, number))).length === 0)
        )
          continue
        if (await ensureLeaf(host, spec, number)) healed.push({ network, link: name })
      }
    } catch (error) {
      // The network is gone, or cannot be had, or something of somebody else's stands in a leaf's way: who uses it
      // hears of it.
      if (!(error instanceof SlipwayError)) throw error
    }
  }
  return healed
}
