import { checks } from '../base/checks.js'
import { leafNumber } from './leaf-name.js'
import { isHostname, nameChecks } from '../base/name-options.js'
import { address, addressOf, cidr, created, id, link, mac, maker, mode, mtu, name } from './common-shapes.js'
import type { RecordKind } from './kind.js'
import type { SandboxRecord } from './records.js'
import { all, fields, flag, flaw, list, oneOf, optional, text, textThat, whole, type Shape } from './shape.js'

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
      mode,
      direct: optional(oneOf(true)),
    }),
  )

const asked = fields({
  ip: optional(addressOf(4)),
  ip6: optional(addressOf(6)),
  mac: optional(mac),
  aliases: optional(list(textThat('a name', (value) => isHostname(value)))),
  gwPriority: optional(whole(-(2 ** 31), 2 ** 31)),
})

/** The name of a link is what a removal deletes: it is of the form that only an endpoint with this id has. */
const ownLink: Shape = (value) => {
  const { id, hostLink } = value as { id: string; hostLink: unknown }
  const expected = `veth${id.slice(0, 11)}`
  return hostLink === expected ? undefined : flaw(`${expected}, after its id`, hostLink, 'hostLink')
}

/** A further bridge of a network is called after the first one. */
const ownLeaf: Shape = (value) => {
  const { bridge, leafOf, networkId } = value as { bridge: string; leafOf?: string; networkId: string }
  return leafOf === undefined || leafNumber({ bridge: leafOf, id: networkId }, bridge) !== undefined
    ? undefined
    : flaw(`a further bridge of ${leafOf}`, bridge, 'bridge')
}

const endpoint = all(
  fields({
    id,
    network: name,
    networkId: id,
    bridge: link,
    leafOf: optional(link),
    hostLink: link,
    interface: link,
    mac,
    mtu,
    addresses: fields({ 4: endpointAddress(4), 6: endpointAddress(6) }),
    linkLocal: optional(addressOf(6)),
    internal: flag,
    icc: flag,
    asked,
  }),
  ownLink,
  ownLeaf,
)

const port = fields({
  protocol: text('tcp, udp, sctp or all', /^(tcp|udp|sctp|all)$/),
  containerPort: whole(0, 65535),
  hostIp: address,
  hostPort: whole(0, 65535),
  allow: optional(list(cidr)),
})

/** The path of a namespace is what a removal unbinds and deletes: only what was made for a sandbox of this name. */
const ownPath: Shape = (value) => {
  const { name, path, foreign, network } = value as { name: string; path: unknown; foreign?: unknown; network: string }
  const expected = `${NETNS_FOLDER}/${name}`
  return foreign === true || network === 'host' || path === expected
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
    path: checked(checks.path),
    namespace: optional(
      fields({
        device: whole(0, Number.MAX_SAFE_INTEGER),
        inode: whole(0, Number.MAX_SAFE_INTEGER),
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
    joined: optional(fields({ name, network, names: optional(names) })),
    names: optional(names),
  }),
  ownPath,
)

/**
 * What records of sandboxes are. The first version knew one endpoint, on the network `bridge`, and no release has
 * written it: its sandboxes without one are read, the others are named.
 */
export const SANDBOX: RecordKind<SandboxRecord> = {
  version: 2,
  migrations: { 1: (record) => ('endpoint' in record ? record : { ...record, version: 2, endpoints: [] }) },
  shape,
}
