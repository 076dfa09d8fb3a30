import { checks } from '../base/checks.js'
import { isHostname, nameChecks } from '../base/name-options.js'
import { address, addressOf, anyText, cidr, created, id, link, mac, maker, mode, mtu, name } from './common-shapes.js'
import { driver, driverShapes } from './driver-shapes.js'
import type { RecordKind } from './kind.js'
import type { SandboxRecord } from './records.js'
import {
  all,
  by,
  byName,
  fields,
  flag,
  flaw,
  list,
  oneOf,
  optional,
  text,
  textThat,
  whole,
  type Shape,
} from './shape.js'

/** Where namespaces are bound, as `ip netns` does it. */
export const NETNS_FOLDER = '/run/netns'

/** A check of what callers give, of what is in a record. */
const checked =
  (check: (value: unknown) => string | undefined): Shape =>
  (value) => {
    const expected = check(value)
    return expected === undefined ? undefined : flaw(expected, value)
  }

const names = fields(
  Object.fromEntries(Object.entries(nameChecks).map(([key, check]) => [key, optional(checked(check))])),
)

const endpointAddress = (family: 4 | 6): Shape =>
  optional(
    fields({
      address: addressOf(family),
      prefix: whole(0, family === 4 ? 32 : 128),
      broadcast: optional(addressOf(4)),
      gateway: optional(addressOf(family)),
      resolver: optional(addressOf(family)),
      mode: optional(mode),
      connected: optional(oneOf(true)),
      direct: optional(oneOf(true)),
    }),
  )

const asked = fields({
  ip: optional(addressOf(4)),
  ip6: optional(addressOf(6)),
  mac: optional(mac),
  aliases: optional(list(textThat('a name', (value) => isHostname(value)))),
  gwPriority: optional(whole(-(2 ** 31), 2 ** 31)),
  interface: optional(link),
  defaultRoute: optional(oneOf(false)),
})

/** What its driver says of it, its body above all. */
const ofDriver = by((value) => driverShapes.get((value as { driver: string }).driver)?.endpoint)

const endpoint = all(
  fields({
    id,
    network: name,
    networkId: id,
    driver,
    interface: link,
    mac,
    mtu,
    addresses: fields({ 4: endpointAddress(4), 6: endpointAddress(6) }),
    linkLocal: optional(addressOf(6)),
    internal: flag,
    asked,
  }),
  ofDriver,
)

const port = fields({
  protocol: text('tcp, udp, sctp or all', /^(tcp|udp|sctp|all)$/),
  containerPort: whole(0, 65535),
  hostIp: address,
  hostPort: whole(0, 65535),
  allow: optional(list(cidr)),
})

const cookie = textThat(
  'a number of 64 bits',
  (value) => /^[1-9]\d{0,19}$/.test(value) && BigInt.asUintN(64, BigInt(value)) === BigInt(value),
)

/** The path of a namespace is what a removal unbinds and deletes: only what was made for a sandbox of this name. */
const ownPath: Shape = (value) => {
  const { name, path, foreign, stack } = value as { name: string; path: unknown; foreign?: unknown; stack: string }
  const expected = `${NETNS_FOLDER}/${name}`
  return foreign === true || stack === 'host' || path === expected
    ? undefined
    : flaw(`${expected}, after its name`, path, 'path')
}

const network = text(
  'bridge, host, none, a network, or container: and an id',
  /^([a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}|container:[0-9a-f]{64})$/,
)

const shape = all(
  fields({
    id,
    name,
    network,
    stack: oneOf('own', 'host', 'joined'),
    path: checked(checks.path),
    namespace: optional(
      fields({
        device: whole(0, Number.MAX_SAFE_INTEGER),
        inode: whole(0, Number.MAX_SAFE_INTEGER),
        cookie: optional(cookie),
        boot: text('a boot id', /^[0-9a-f-]{36}$/),
      }),
    ),
    foreign: optional(oneOf(true)),
    created,
    maker,
    busy: optional(maker),
    changing: optional(id),
    removing: optional(oneOf(true)),
    endpoints: list(endpoint),
    ports: list(port),
    sharedBy: optional(list(id)),
    joined: optional(fields({ id, name, network, names: optional(names) })),
    names: optional(names),
    labels: optional(byName(anyText)),
    forwarding: optional(oneOf(true)),
    ephemeral: optional(fields({ pids: whole(0, Number.MAX_SAFE_INTEGER) })),
  }),
  ownPath,
)

const JOINED = 'container:'

/** Version 2 knew bridges only, and told by the text of `network` whose namespace a sandbox has. */
function withHeads(record: Record<string, unknown>): Record<string, unknown> {
  const { network, joined, endpoints, ...rest } = record
  const text = typeof network === 'string' ? network : ''
  const stack = text === 'host' ? 'host' : text.startsWith(JOINED) ? 'joined' : 'own'
  const id = text.slice(JOINED.length)
  return {
    ...rest,
    version: 3,
    network,
    stack,
    endpoints: Array.isArray(endpoints) ? endpoints.map(withHead) : endpoints,
    ...(stack === 'joined'
      ? { joined: { id, name: id.slice(0, 12), network: 'none', ...(isObject(joined) ? joined : {}) } }
      : {}),
  }
}

function withHead(endpoint: unknown): unknown {
  if (!isObject(endpoint)) return endpoint
  const { bridge, leafOf, hostLink, icc, ...head } = endpoint
  return { ...head, driver: 'bridge', body: { bridge, ...(leafOf === undefined ? {} : { leafOf }), hostLink, icc } }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/**
 * What records of sandboxes are. The first version knew one endpoint, on the network `bridge`, and no release has
 * written it: its sandboxes without one are read, the others are named.
 */
export const SANDBOX: RecordKind<SandboxRecord> = {
  version: 3,
  migrations: {
    1: (record) => ('endpoint' in record ? record : { ...record, version: 2, endpoints: [] }),
    2: withHeads,
  },
  shape,
}
