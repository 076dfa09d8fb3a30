import type { ExecutionContext } from 'ava'
import type { Slipway } from 'slipway'
import { elements, isOfSandbox, readFiles } from '../helpers/snapshot.js'
import { eventually, ipJson, type World } from '../helpers/world.js'

/**
 * Asserts that the sandboxes that are listed are whole, and that nothing else is there: no link, element, namespace or
 * file that belongs to none.
 */
export async function onlyWholeSandboxes(t: ExecutionContext, world: World, slipway: Slipway): Promise<void> {
  const sandboxes = await slipway.sandboxes.list()
  const endpoints = sandboxes.flatMap((sandbox) => sandbox.endpoints.map((endpoint) => ({ ...endpoint, sandbox })))
  const sorted = (texts: (string | undefined)[]) => texts.sort()

  const expected = {
    links: sorted(endpoints.map((endpoint) => endpoint.hostInterface)),
    addresses: sorted(endpoints.map(({ addresses }) => addresses[0]?.split('/')[0])),
    senders: sorted(endpoints.map(({ hostInterface }) => hostInterface)),
    ports: sorted(
      sandboxes.flatMap(({ name, ports }) =>
        ports.map(
          ({ hostIp, protocol, hostPort }) =>
            `${hostIp === '0.0.0.0' ? '' : `${hostIp} . `}${protocol} . ${hostPort} ${name}`,
        ),
      ),
    ),
    namespaces: sorted(endpoints.map(({ sandbox }) => sandbox.name)),
    records: sorted(sandboxes.map(({ name }) => `${name}.json`)),
  }
  const found = () => ({
    links: sorted(links(world)),
    addresses: sorted(keys(world, 'addresses4')),
    senders: sorted(keys(world, 'senders4', 'bridge').map((key) => key.split(' . ')[0])),
    ports: sorted(
      ['published4', 'published_at4']
        .flatMap((map) => elementsOf(world, map))
        .filter(isOfSandbox)
        .map(({ key, comment }) => `${key} ${comment?.split(' ')[0]}`),
    ),
    namespaces: sorted(world.namespaces().filter((name) => ![world.host.name, world.neighbour.name].includes(name))),
    records: sorted(
      Object.keys(readFiles(world.stateDir))
        .map((path) => path.split('/').at(-1))
        .filter((file) => file !== 'go'),
    ),
  })
  // The kernel takes namespaces and links down behind our back.
  await eventually(() => JSON.stringify(found()) === JSON.stringify(expected))
  t.deepEqual(found(), expected)

  for (const { sandbox, addresses, gateway, interface: link } of endpoints) {
    const [eth0] = ipJson<{ operstate: string; addr_info: { local: string; prefixlen: number }[] }>(
      sandbox,
      'address',
      'show',
      'dev',
      link,
    )
    t.is(eth0?.operstate, 'UP', sandbox.name)
    t.deepEqual(
      eth0?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      [...addresses],
      sandbox.name,
    )
    const [route] = ipJson<{ gateway: string }>(sandbox, 'route', 'show', 'default')
    t.is(route?.gateway, gateway, sandbox.name)
  }
}

/** Links of sandboxes on the host. */
export const links = (world: World): string[] =>
  ipJson<{ ifname: string }>(world.host, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith('veth'))

const keys = (world: World, set: string, family?: string) => elementsOf(world, set, family).map(({ key }) => key)

/** Elements of a set. Before first use, there is no table. */
export function elementsOf(world: World, set: string, family?: string) {
  try {
    return elements(world.host, set, family)
  } catch (error) {
    if ((error as Error).message.startsWith('there is no set')) return []
    throw error
  }
}
