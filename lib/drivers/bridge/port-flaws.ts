import type { Host } from '../../kernel/host.js'
import { isAsRuled, SETTING } from '../../kernel/link-settings.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Operation } from '../../plan/operation.js'
import { PORT_RULE } from '../../policy/link-rules.js'
import { PORT_GROUP, SEPARATED_PORT_GROUP } from '../../policy/sets.js'
import type { BridgeEndpoint } from './endpoint.js'
import { fdbEntry, guardPort, needsHairpin } from './port.js'

/** Links by name. */
type Links = ReadonlyMap<string, LinkInfo>

/** What puts ports right that are not as they are to be. Those whose links are not there are left out. */
export async function portRepairs(
  host: Host,
  endpoints: readonly BridgeEndpoint[],
  links: Links,
): Promise<Map<BridgeEndpoint, Operation[]>> {
  const ports = endpoints.flatMap((endpoint) => {
    const link = links.get(endpoint.body.hostLink)
    return link ? [{ endpoint, link }] : []
  })
  const repairs = new Map<BridgeEndpoint, Operation[]>()
  if (ports.length === 0) return repairs
  const hairpin = await needsHairpin(host)
  const leads = await leadsOf(host, ports)
  for (const { endpoint, link } of ports)
    if (!isRight(endpoint, link, links, hairpin) || leads.get(endpoint) !== link.index)
      repairs.set(endpoint, repairOf(endpoint, link, links, hairpin))
  return repairs
}

const groupOf = ({ body }: BridgeEndpoint): number => (body.icc ? PORT_GROUP : SEPARATED_PORT_GROUP)

const masterOf = ({ body }: BridgeEndpoint, links: Links): number | undefined => links.get(body.bridge)?.index

/** As far as that is its own doing: ports of a bridge that is down forward again when it is up. */
const settingsOf = ({ body }: BridgeEndpoint, { settings }: LinkInfo, links: Links): number =>
  links.get(body.bridge)?.up === false ? settings & ~SETTING.disabled : settings

/** On its bridge, in its group, up, as large as the network's packets, and set as it was made. */
function isRight(endpoint: BridgeEndpoint, link: LinkInfo, links: Links, hairpin: boolean): boolean {
  return (
    link.master === masterOf(endpoint, links) &&
    link.up &&
    link.group === groupOf(endpoint) &&
    link.mtu === endpoint.mtu &&
    isAsRuled(settingsOf(endpoint, link, links), PORT_RULE) &&
    (!hairpin || (link.settings & SETTING.hairpin) !== 0)
  )
}

function repairOf(endpoint: BridgeEndpoint, link: LinkInfo, links: Links, hairpin: boolean): Operation[] {
  const {
    mtu,
    body: { hostLink, bridge },
  } = endpoint
  const group = groupOf(endpoint)
  const isOn = link.master === masterOf(endpoint, links)
  return [
    {
      op: 'link.set',
      name: hostLink,
      ...(link.mtu === mtu ? {} : { mtu }),
      ...(link.group === group ? {} : { group }),
      ...(isOn ? {} : { master: bridge }),
      ...guardPort(hairpin),
      plainPort: true,
      up: true,
    },
    // One that has come to its bridge anew begins to forward by itself.
    ...(isOn && (settingsOf(endpoint, link, links) & SETTING.disabled) !== 0
      ? [{ op: 'link.set', name: hostLink, forwards: true } as const]
      : []),
    fdbEntry(endpoint),
  ]
}

/** The ports that the MAC addresses of endpoints lead to, by their numbers. */
async function leadsOf(
  host: Host,
  ports: readonly { endpoint: BridgeEndpoint; link: LinkInfo }[],
): Promise<Map<BridgeEndpoint, number>> {
  const asked = ports.filter(({ link }) => link.master !== 0)
  const leads = new Map<BridgeEndpoint, number>()
  if (asked.length === 0) return leads
  const lines = asked.map(({ endpoint, link }) => `${link.index} ${endpoint.mac}\n`).join('')
  const answers = (await host.ask('fdb', { asked: lines })).split('\n')
  for (const [at, { endpoint }] of asked.entries()) leads.set(endpoint, Number(answers[at]))
  return leads
}
