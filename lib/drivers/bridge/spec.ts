import type { IpFamily } from '../../base/addresses/ip.js'
import type { NetworkRules } from '../../policy/network-elements.js'
import { link, mac, mode, addressOf } from '../../store/common-shapes.js'
import type { NetworkSpec } from '../../store/network-spec.js'
import { all, fields, flag, flaw, list, optional, type Shape } from '../../store/shape.js'

/** A network on a bridge of this host. */
export interface BridgeNetwork extends NetworkSpec, Omit<NetworkRules, 'subnets'> {}

/** Whether ports of sandboxes may be spoken to at their own addresses. */
export const isDirect = (
  { families, trusted }: Pick<BridgeNetwork, 'families' | 'trusted'>,
  family: IpFamily,
): boolean => trusted.length > 0 || families[family]?.mode === 'routed'

export const BRIDGE_OPTION = 'com.docker.network.bridge.name'

/** Name of the bridge of a network that nobody has named one for. */
export const bridgeOf = (id: string): string => `br-${id.slice(0, 12)}`

/** The name of a bridge is what a removal deletes: it is after the network's id, or what was asked for. */
const consistent: Shape = (value) => {
  const { id, spec, options } = value as { id: string; spec: { bridge: string }; options: Record<string, string> }
  const asked = Object.hasOwn(options, BRIDGE_OPTION) ? options[BRIDGE_OPTION] : undefined
  const expected = asked ?? bridgeOf(id)
  return spec.bridge === expected
    ? undefined
    : flaw(
        asked === undefined ? `${expected}, after its id` : `${expected}, as its options say`,
        spec.bridge,
        'spec.bridge',
      )
}

const rules = (family: IpFamily): Shape =>
  optional(fields({ mode, masquerade: flag, source: optional(addressOf(family)) }))

/** Records of such networks, as far as they are not like those of others. */
export const networkShape: Shape = all(
  fields({
    spec: fields({
      bridge: link,
      mac,
      families: fields({ 4: rules(4), 6: rules(6) }),
      icc: flag,
      trusted: list(link),
    }),
  }),
  consistent,
)
