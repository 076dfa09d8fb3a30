import { address, addressOf, anyText, cidr, created, id, link, mac, maker, mode, mtu, name } from './common-shapes.js'
import type { RecordKind } from './kind.js'
import type { NetworkRecord } from './network-records.js'
import { all, byName, fields, flag, flaw, is, list, oneOf, optional, text, whole, type Shape } from './shape.js'

const subnet = fields({
  family: oneOf(4, 6),
  subnet: cidr,
  prefix: whole(0, 128),
  address: optional(address),
  gateway: optional(address),
  broadcast: optional(addressOf(4)),
  range: optional(cidr),
  aux: byName(address),
})

const rules = (family: 4 | 6): Shape =>
  optional(fields({ mode, masquerade: flag, source: optional(addressOf(family)) }))

const spec = fields({
  id,
  name,
  bridge: link,
  mac,
  mtu,
  subnets: all(
    list(subnet),
    is('a list with a subnet in it', (value) => Array.isArray(value) && value.length > 0),
  ),
  families: fields({ 4: rules(4), 6: rules(6) }),
  internal: flag,
  icc: flag,
  trusted: list(link),
  interfacePrefix: text('the beginning of an interface name', /^[a-zA-Z][a-zA-Z0-9_.-]{0,11}$/),
  hostIps: fields({ 4: optional(addressOf(4)), 6: optional(addressOf(6)) }),
  stateDir: text('an absolute path', /^\/\P{Cc}*$/u),
})

const request = fields({
  subnet: anyText,
  gateway: optional(anyText),
  ipRange: optional(anyText),
  auxAddresses: optional(byName(anyText)),
})

/** The name of a bridge is what a removal deletes: it is after the network's id, or what was asked for. */
const consistent: Shape = (value) => {
  const { id, name, spec, options } = value as {
    id: string
    name: string
    spec: { id: string; name: string; bridge: string }
    options: Record<string, string>
  }
  if (spec.id !== id) return flaw('the id of its record', spec.id, 'spec.id')
  if (spec.name !== name) return flaw('the name of its record', spec.name, 'spec.name')
  const asked = Object.hasOwn(options, BRIDGE_OPTION) ? options[BRIDGE_OPTION] : undefined
  const expected = asked ?? `br-${id.slice(0, 12)}`
  return spec.bridge === expected
    ? undefined
    : flaw(
        asked === undefined ? `${expected}, after its id` : `${expected}, as its options say`,
        spec.bridge,
        'spec.bridge',
      )
}

const BRIDGE_OPTION = 'com.docker.network.bridge.name'

/** What records of networks are. */
export const NETWORK: RecordKind<NetworkRecord> = {
  version: 1,
  migrations: {},
  shape: all(
    fields({
      id,
      name,
      created,
      maker,
      spec,
      ipv4: flag,
      ipv6: flag,
      subnets: optional(list(request)),
      options: byName(anyText),
      labels: byName(anyText),
    }),
    consistent,
  ),
}
