import type { CreateNetworkOptions, Network, Sandbox, Slipway } from 'slipway'
import { ipJson, PATIENCE, runIn, type Place } from './world.js'

/** Networks on the segment of the world's uplink, whose neighbour is 192.0.2.9 and fd00:99::9. */

export const PARENT = 'uplink'

/** Both IP versions, in a range that is nobody else's there. */
export const SEGMENT = {
  driver: 'macvlan',
  ipv6: true,
  subnets: [
    { subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' },
    { subnet: 'fd00:99::/64', ipRange: 'fd00:99::8:0/112' },
  ],
  options: { parent: PARENT },
} as const

/** Such a network. Options of the driver are added to the parent's. */
export const onSegment = (
  slipway: Slipway,
  { options, ...rest }: Partial<CreateNetworkOptions> = {},
): Promise<Network> =>
  slipway.networks.create({ name: 'lan', ...SEGMENT, ...rest, options: { ...SEGMENT.options, ...options } })

/** Addresses of a sandbox on a network, without their prefixes. */
export const addressesOn = ({ endpoints }: Sandbox, network = 'lan'): string[] =>
  (endpoints.find((endpoint) => endpoint.network === network)?.addresses ?? []).map(
    (address) => address.split('/')[0] ?? '',
  )

/** How long an answer is waited for that should come, on a busy machine too: ping asks again and again meanwhile. */
const PATIENT = ['-w', `${PATIENCE}`, '-i', '0.2']
/** And one that should not come, or that is asked for once more where it does not. */
const BRIEF = ['-W', `${0.3 * PATIENCE}`]

/** Whether addresses answer: said as `yes` or `no` for each. `brief` where they should not, or are asked again. */
export async function answersTo(
  place: Pick<Place, 'path'>,
  addresses: readonly string[],
  how: 'patient' | 'brief' = 'patient',
): Promise<string[]> {
  const from = { name: '', path: place.path }
  const attempts = how === 'patient' ? [PATIENT, PATIENT] : [BRIEF]
  return Promise.all(
    addresses.map(async (address) => {
      for (const options of attempts) {
        const { code } = await runIn(from, 'ping', '-n', '-c', '1', ...options, address)
        if (code === 0) return 'yes'
      }
      return 'no'
    }),
  )
}

interface Inside {
  ifname: string
  address: string
  mtu: number
  linkinfo?: { info_kind: string; info_data?: { mode?: string } }
}

/** Links of a sandbox beside lo, as `ip -d` has them. */
export const linksIn = (place: Pick<Place, 'path'>): Inside[] =>
  ipJson<Inside>({ name: '', path: place.path }, '-d', 'link').filter(({ ifname }) => ifname !== 'lo')

export const routesIn = (place: Pick<Place, 'path'>, family: 4 | 6 = 4): string[] =>
  ipJson<{ dst: string; gateway?: string; dev: string }>(
    { name: '', path: place.path },
    `-${family}`,
    'route',
    'show',
    'default',
  ).map(({ gateway, dev }) => `${gateway ?? 'link'} ${dev}`)
