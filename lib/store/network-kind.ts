import { address, addressOf, anyText, cidr, created, id, maker, mtu, name } from './common-shapes.js'
import { driver, driverShapes } from './driver-shapes.js'
import type { RecordKind } from './kind.js'
import type { NetworkRecord } from './network-records.js'
import { all, by, byName, fields, flag, flaw, is, list, oneOf, optional, text, whole, type Shape } from './shape.js'

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

const spec = fields({
  id,
  name,
  driver,
  mtu,
  subnets: all(
    list(subnet),
    is('a list with a subnet in it', (value) => Array.isArray(value) && value.length > 0),
  ),
  internal: flag,
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

/** Nothing else has its name, or its id. */
const consistent: Shape = (value) => {
  const { id, name, spec } = value as { id: string; name: string; spec: { id: string; name: string } }
  if (spec.id !== id) return flaw('the id of its record', spec.id, 'spec.id')
  return spec.name === name ? undefined : flaw('the name of its record', spec.name, 'spec.name')
}

/** What only networks of its driver have. */
const ofDriver = by((value) => driverShapes.get((value as { spec: { driver: string } }).spec.driver)?.network)

/** What records of networks are. The first version knew one driver. */
export const NETWORK: RecordKind<NetworkRecord> = {
  version: 2,
  migrations: {
    1: ({ spec: old, ...record }) => ({
      ...record,
      version: 2,
      spec: typeof old === 'object' && old !== null ? { ...old, driver: 'bridge' } : old,
    }),
  },
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
      removing: optional(maker),
    }),
    consistent,
    ofDriver,
  ),
}
