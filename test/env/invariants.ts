import type { ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { allElements, isOfSandbox, readFiles } from '../helpers/snapshot.js'
import { eventually, execIn, ipJson, type World } from '../helpers/world.js'

/**
 * Asserts that the kernel has what the networks and sandboxes that are listed say, and nothing else: bridges, links,
 * addresses, routes, elements, namespaces, records.
 */
export async function kernelIsAsListed(
  t: ExecutionContext,
  world: World,
  slipway: Slipway,
  message?: string,
): Promise<void> {
  const sandboxes = await slipway.sandboxes.list()
  const networks = (await slipway.networks.list()).filter(({ userDefined }) => userDefined)
  const endpoints = sandboxes.flatMap((sandbox) => sandbox.endpoints)
  const bridgeOf = (network: string) => networks.find(({ name }) => name === network)?.bridge ?? 'docker0'
  const addresses = endpoints.flatMap((endpoint) => endpoint.addresses.map((address) => address.split('/')[0] ?? ''))
  const expected = {
    bridges: networks.map(({ bridge }) => bridge),
    links: endpoints.map(({ hostInterface, network }) => `${hostInterface} ${bridgeOf(network)}`),
    addresses,
    senders: endpoints.flatMap(({ hostInterface, addresses: own }) => own.map(() => hostInterface)),
    subnets: networks.flatMap(({ subnets, bridge }) => subnets.map((subnet) => `${subnet} . ${bridge}`)),
    ports: sandboxes.flatMap(portsOf),
    namespaces: sandboxes.filter(({ path }) => path.startsWith('/run/netns/')).map(({ name }) => name),
    records: [...sandboxes, ...networks].map(({ name }) => `${name}.json`),
  }
  const found = () => foundIn(world)
  const sorted = (all: Record<string, (string | undefined)[]>) =>
    Object.fromEntries(Object.entries(all).map(([name, list]) => [name, [...list].sort()]))
  // The kernel takes namespaces and links down behind our back.
  await eventually(() => JSON.stringify(sorted(found())) === JSON.stringify(sorted(expected)))
  t.deepEqual(sorted(found()), sorted(expected), message)
  for (const sandbox of sandboxes) if (sandbox.endpoints.length > 0) insideIsAsListed(t, sandbox, message)
}

/** What the kernel and the folder of records have. */
function foundIn(world: World) {
  const links = ipJson<{ ifname: string; master?: string }>(world.host, 'link')
  // Before first use, there is no table.
  const elements = allElements(world.host)
  const keys = (set: string, family = 'inet') =>
    [4, 6].flatMap((version) => elements[`${family} ${set}${version}`] ?? [])
  return {
    bridges: links.map(({ ifname }) => ifname).filter((name) => name.startsWith('br-')),
    links: links.filter(({ ifname }) => ifname.startsWith('veth')).map(({ ifname, master }) => `${ifname} ${master}`),
    addresses: keys('addresses').map(({ key }) => key),
    senders: keys('senders', 'bridge')
      .filter(({ key }) => !key.includes('fe80:'))
      .map(({ key }) => key.split(' . ')[0]),
    subnets: keys('same_network')
      .map(({ key }) => key)
      .filter((key) => !key.endsWith(' docker0')),
    ports: [...keys('published'), ...keys('published_at')]
      .filter(isOfSandbox)
      .map(({ key, data }) => `${key} > ${data}`),
    namespaces: world.namespaces().filter((name) => ![world.host.name, world.neighbour.name].includes(name)),
    records: Object.keys(readFiles(world.stateDir))
      .filter((path) => /\/(sandboxes|networks)\//.test(path))
      .map((path) => path.split('/').at(-1)),
  }
}

interface Inside {
  ifname: string
  addr_info: { local: string; prefixlen: number; scope: string }[]
}

const LOOK_INSIDE = ['ip -j address', 'ip -j -4 route show default', 'ip -j -6 route show default'].join(
  '; echo ----; ',
)

function insideIsAsListed(t: ExecutionContext, sandbox: Sandbox, message = ''): void {
  const what = `${message} ${sandbox.name}`
  const [all = '', ...routes] = execIn(sandbox, 'sh', '-ec', LOOK_INSIDE).split('----')
  const links = (JSON.parse(all) as Inside[]).filter(({ ifname }) => ifname !== 'lo')
  const inside = links.flatMap(({ ifname, addr_info }) =>
    addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
  )
  t.deepEqual(
    inside.sort(),
    sandbox.endpoints
      .flatMap((endpoint) => endpoint.addresses.map((address) => `${endpoint.interface} ${address}`))
      .sort(),
    what,
  )
  for (const [index, family] of ([4, 6] as const).entries()) {
    const gateway = leading(sandbox, family)?.[family === 4 ? 'gateway' : 'gateway6']
    const found = JSON.parse(routes[index]?.trim() || '[]') as { gateway: string }[]
    t.deepEqual(
      found.map((route) => route.gateway),
      gateway === undefined ? [] : [gateway],
      `${what}: IPv${family}`,
    )
  }
}

/** The endpoint with the highest priority, then the first network's name, among those that lead to the world. */
function leading({ endpoints }: Sandbox, family: 4 | 6) {
  const out = endpoints.filter(({ gateway, gateway6 }) =>
    family === 4 ? gateway !== undefined && !gateway.includes(':') : gateway6 !== undefined,
  )
  return out.sort((a, b) => b.gwPriority - a.gwPriority || (a.network < b.network ? -1 : 1))[0]
}

function portsOf(sandbox: Sandbox): string[] {
  return sandbox.ports.map(({ hostIp, protocol, hostPort, containerPort }) => {
    const family = hostIp.includes(':') ? 6 : 4
    const address = leading(sandbox, family)
      ?.addresses.find((one) => one.includes(':') === (family === 6))
      ?.split('/')[0]
    return `${hostIp === '0.0.0.0' || hostIp === '::' ? '' : `${hostIp} . `}${protocol} . ${hostPort} > ${address} . ${containerPort}`
  })
}
