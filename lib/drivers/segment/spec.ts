import { link } from '../../store/common-shapes.js'
import type { NetworkSpec } from '../../store/network-spec.js'
import { all, fields, flag, flaw, oneOf, optional, text, type Shape } from '../../store/shape.js'

/** A network on the segment behind a link of the host, its parent. */
export interface SegmentNetwork extends NetworkSpec {
  parent: string
  /** What the parent is, where we have made it: a VLAN of another link, or a link to nowhere. */
  made?: 'vlan' | 'dummy'
  /** Another network of ours had made that VLAN before. */
  joined?: true
  mode: string
  /** Of an ipvlan. */
  flag?: string
  /** The host's own link beside those of the sandboxes, and its addresses there. */
  shim?: { name: string; addresses: Readonly<Partial<Record<4 | 6, string>>> }
}

/** Name of the parent of a network that leads nowhere, as docker has it. */
export const dummyOf = (prefix: string, id: string): string => `${prefix}-${id.slice(0, 12)}`

/** Name of the host's own link on the segment of a network. */
export const shimOf = (id: string): string => `sh-${id.slice(0, 12)}`

/** `eth0.50`: a VLAN of a link. Exactly one dot, as docker has it. */
export function readVlan(name: string): { link: string; id: number } | undefined {
  const [, parent, number] = /^([^.]+)\.([1-9]\d{0,3})$/.exec(name) ?? []
  const id = Number(number)
  return parent !== undefined && id <= 4094 ? { link: parent, id } : undefined
}

/** What a removal deletes: only what has the name that the network's id gives it, or is a VLAN by its name. */
const own =
  (prefix: string): Shape =>
  (value) => {
    const { spec, id } = value as { spec: SegmentNetwork; id: string }
    const { parent, made, shim } = spec
    if (made === 'dummy' && parent !== dummyOf(prefix, id))
      return flaw(`${dummyOf(prefix, id)}, after its id`, parent, 'spec.parent')
    if (made === 'vlan' && !readVlan(parent)) return flaw('a VLAN, as eth0.50', parent, 'spec.parent')
    return shim && shim.name !== shimOf(id)
      ? flaw(`${shimOf(id)}, after its id`, shim.name, 'spec.shim.name')
      : undefined
  }

/** Records of such networks, as far as they are not like those of others. */
export const networkShape = (prefix: string): Shape =>
  all(
    fields({
      spec: fields({
        parent: link,
        made: optional(oneOf('vlan', 'dummy')),
        joined: optional(flag),
        mode: text('a mode', /^[a-z0-9]{1,16}$/),
        flag: optional(text('a flag', /^[a-z]{1,16}$/)),
        shim: optional(
          fields({
            name: link,
            addresses: fields({
              4: optional(text('an address', /^[0-9.]+$/)),
              6: optional(text('an address', /^[0-9a-f:]+$/)),
            }),
          }),
        ),
      }),
    }),
    own(prefix),
  )
