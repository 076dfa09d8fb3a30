import { connectEndpoint, disconnectEndpoint } from '#lib/drivers/plans/connect.js'
import type { BridgeEndpoint } from '#lib/drivers/bridge/endpoint.js'
import type { EndpointRequest } from '#lib/store/endpoint.js'
import type { Plan } from '#lib/plan/operation.js'
import { inParts } from './in-parts.js'
import { changeOf, circumstancesOf, endpointOn, networkOf, published, type NetworkOptions } from './specs.js'

/** Endpoints that come and go on a running sandbox, and what moves with them. */

/** Networks by name, in the order in which the sandbox joins them; the last one comes, or the named one goes. */
interface Move {
  networks: Record<string, NetworkOptions & { asked?: EndpointRequest }>
  leaves?: string
  publish?: string[]
}

const dual = (number: number): NetworkOptions => ({
  ipv6: true,
  subnets: [{ subnet: `10.${number}.0.0/24` }, { subnet: `fd00:${number}::/64` }],
})
const publish = ['8080:80', '5353:53/udp']

const MOVES: Readonly<Record<string, Move>> = {
  'connect-gateway-stays': { networks: { web: dual(1), work: dual(2) }, publish },
  'connect-gateway-moves': { networks: { web: dual(1), work: { ...dual(2), asked: { gwPriority: 1 } } }, publish },
  'connect-no-default-route': {
    networks: { web: dual(1), work: { ...dual(2), asked: { gwPriority: 1, defaultRoute: false } } },
    publish,
  },
  'connect-ip-mac': {
    networks: {
      web: dual(1),
      work: { ...dual(2), asked: { ip: '10.2.0.9', ip6: 'fd00:2::9', mac: '02:00:00:00:00:09' } },
    },
  },
  'connect-internal': { networks: { web: dual(1), back: { ...dual(2), internal: true } }, publish },
  'connect-without-icc': { networks: { web: dual(1), work: { ...dual(2), icc: false } }, publish },
  'connect-ipv4-only': { networks: { web: dual(1), old: { subnets: [{ subnet: '10.2.0.0/24' }] } }, publish },
  'connect-ipv6-comes': { networks: { old: { subnets: [{ subnet: '10.1.0.0/24' }] }, web: dual(2) }, publish },
  'connect-routed': { networks: { web: dual(1), routed: { ...dual(2), mode: 'routed' } }, publish },
  'disconnect-gateway-stays': { networks: { web: dual(1), work: dual(2) }, leaves: 'work', publish },
  'disconnect-gateway-moves': { networks: { web: dual(1), work: dual(2) }, leaves: 'web', publish },
  'disconnect-ipv6-goes': {
    networks: { web: dual(1), old: { subnets: [{ subnet: '10.2.0.0/24' }] } },
    leaves: 'web',
    publish,
  },
  'disconnect-routed': {
    networks: { web: dual(1), routed: { ...dual(2), mode: 'routed' } },
    leaves: 'routed',
    publish,
  },
  'disconnect-last': { networks: { web: dual(1) }, leaves: 'web', publish },
}

export const moves: Readonly<Record<string, Readonly<Record<string, Plan>>>> = Object.fromEntries(
  Object.entries(MOVES).map(([name, move]) => [name, planOf(move)]),
)

function planOf({ networks: asked, leaves, publish = [] }: Move): Record<string, Plan> {
  const networks = Object.entries(asked).map(([name, options]) => networkOf(name, options))
  const endpoints: BridgeEndpoint[] = []
  for (const network of networks) endpoints.push(endpointOn(network, asked[network.name]?.asked, endpoints))
  // What it published when it was on all of them; ports of which the way is yet to come rest until then.
  const ports = published(
    endpoints.filter(({ addresses }) => addresses[4]?.mode !== 'routed'),
    networks,
    ...publish,
  )
  if (leaves !== undefined) {
    const gone = named(endpoints, leaves)
    return inParts(
      `disconnect ${leaves} app`,
      disconnectEndpoint(
        changeOf(
          endpoints,
          ports,
          endpoints.filter((endpoint) => endpoint !== gone),
        ),
        gone,
      ),
    )
  }
  const last = endpoints.at(-1)
  const network = networks.at(-1)
  if (!last || !network) throw new RangeError('a sandbox without networks')
  return {
    [`connect ${network.name} app`]: connectEndpoint(
      changeOf(endpoints.slice(0, -1), ports, endpoints),
      last,
      circumstancesOf(network, true),
    ),
  }
}

function named(endpoints: readonly BridgeEndpoint[], network: string): BridgeEndpoint {
  const found = endpoints.find((endpoint) => endpoint.network === network)
  if (!found) throw new RangeError(`no endpoint on ${network}`)
  return found
}
