import { macOf, macOfId } from '../../base/addresses/mac.js'
import { invalid, SlipwayError } from '../../base/errors.js'
import { randomId } from '../../base/random-id.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import type { Slipway } from '../../api/slipway.js'
import type { Fields } from '../http/fields.js'
import { ENDPOINT, endpointId, NETWORK, nameOf, needed, networkId, type PluginCall, type PluginMethod } from './call.js'
import { withoutPrefix } from './networks.js'
import { PORT_MAP, readPortMap } from './ports.js'

const IFNAME = 'com.docker.network.endpoint.ifname'
const SYSCTLS = 'com.docker.network.endpoint.sysctls'

/** What dockerd says of an endpoint before it says in which namespace that is to be. */
interface KeptEndpoint {
  network: string
  ip?: string
  ip6?: string
  mac: string
  interface?: string
}

/**
 * An endpoint of dockerd's is a sandbox here: one endpoint in the namespace of a container. So each comes, goes and
 * publishes by itself, whatever other endpoints the container has, and dockerd alone chooses the default route.
 */
export const ENDPOINT_METHODS: Readonly<Record<string, PluginMethod>> = {
  'NetworkDriver.CreateEndpoint': async ({ networks, kept, body }) => {
    const network = networkId(body)
    await networks.use(network)
    const { endpoint, chosen } = endpointOf(network, body)
    kept.write('endpoints', endpointId(body), endpoint)
    // Only what was left open is answered, or dockerd takes it for a change.
    return { Interface: chosen ? { MacAddress: endpoint.mac } : {} }
  },
  'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
  'NetworkDriver.DeleteEndpoint': async ({ slipway, kept, body }) => {
    const id = endpointId(body)
    // Where it was not told to leave, or that got lost.
    await leave(slipway, id)
    kept.remove('endpoints', id)
    return undefined
  },
  'NetworkDriver.Join': async (call) => {
    const sandbox = await join(call, endpointId(call.body), needed(call.body, 'SandboxKey'))
    const [{ gateway, gateway6 } = {}] = sandbox.endpoints
    return {
      ...(gateway === undefined || gateway.includes(':') ? {} : { Gateway: gateway }),
      ...(gateway6 === undefined ? {} : { GatewayIPv6: gateway6 }),
      // It leads to the world itself, or is not to.
      DisableGatewayService: true,
    }
  },
  'NetworkDriver.Leave': async ({ slipway, body }) => {
    await leave(slipway, endpointId(body))
    return undefined
  },
  'NetworkDriver.ProgramExternalConnectivity': async ({ slipway, body, signal }) => {
    const sandbox = await slipway.sandboxes.get(nameOf(endpointId(body)))
    const ports = readPortMap(body.object('Options')?.objects(PORT_MAP) ?? [])
    // All of them are published, or none: some are there where dockerd asks again.
    if (ports.length > 0 && sandbox.ports.length === 0) await sandbox.publish(...ports, { signal })
    return undefined
  },
  'NetworkDriver.RevokeExternalConnectivity': async ({ slipway, body }) => {
    const sandbox = await find(slipway, endpointId(body))
    if (sandbox && sandbox.ports.length > 0) await sandbox.unpublish(...sandbox.ports)
    return undefined
  },
}

function endpointOf(network: string, body: Fields): { endpoint: KeptEndpoint; chosen: boolean } {
  const given = body.object('Interface')
  const options = body.object('Options')
  const ip = withoutPrefix(given?.text('Address') ?? '')
  const ip6 = withoutPrefix(given?.text('AddressIPv6') ?? '')
  const mac = given?.text('MacAddress') ?? ''
  const name = options?.text(IFNAME) ?? ''
  if ((options?.text(SYSCTLS) ?? '') !== '')
    throw invalid(`${SYSCTLS}: Slipway makes the interface itself. Leave it out, or set it in the container.`)
  return {
    chosen: mac === '',
    endpoint: {
      network,
      ...(ip === '' ? {} : { ip }),
      ...(ip6 === '' ? {} : { ip6 }),
      mac: mac === '' ? (ip === '' ? macOfId(randomId()) : macOf(ip)) : mac,
      ...(name === '' ? {} : { interface: name }),
    },
  }
}

async function join({ slipway, networks, kept, signal }: PluginCall, id: string, netns: string): Promise<Sandbox> {
  const endpoint = kept.read('endpoints', id) as KeptEndpoint | undefined
  if (!endpoint) throw new SlipwayError('NOT_FOUND', `There is no endpoint ${id} that dockerd has made here.`)
  const there = await find(slipway, id)
  // dockerd asks again; or the endpoint has left another namespace, and that got lost.
  if (there?.path === netns) return there
  await there?.remove()
  return networks.on(endpoint.network, async (network) => {
    const { ip, ip6, mac, interface: name } = endpoint
    for (const address of [ip, ip6]) if (address !== undefined) await network.giveBack(address)
    return slipway.sandboxes.create({
      name: nameOf(id),
      network: network.name,
      netns,
      ...(ip === undefined ? {} : { ip }),
      ...(ip6 === undefined ? {} : { ip6 }),
      mac,
      ...(name === undefined ? {} : { interface: name }),
      defaultRoute: false,
      labels: { [ENDPOINT]: id, [NETWORK]: endpoint.network },
      signal,
    })
  })
}

/** Its ports go with it: after a restart of its own, dockerd revokes nothing. */
async function leave(slipway: Slipway, id: string): Promise<void> {
  await (await find(slipway, id))?.remove()
}

async function find(slipway: Slipway, id: string): Promise<Sandbox | undefined> {
  try {
    return await slipway.sandboxes.get(nameOf(id))
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
