import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import test from 'ava'
import type { CreateOptions, Slipway } from '#lib/index.js'
import { slipway as command } from '../helpers/command.js'
import { kernelState, readFiles } from '../helpers/snapshot.js'
import { HOST_ADDRESS, ip, World } from '../helpers/world.js'

/** A host that nobody has used yet is as before after a call that was refused. */

// net.ipv4.ip_forward stays: other programs may have come to rely on it.
const stateOf = (world: World) => {
  const { sysctls: _, ...kernel } = kernelState(world.host)
  const files = Object.keys(readFiles(world.stateDir)).filter((path) => !path.includes('/holders/'))
  return { ...kernel, namespaces: world.namespaces(), files }
}

test('a refused first call leaves no bridge, no rules, no elements and no files', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const name = world.name('app')
  const { path } = world.neighbour
  execFileSync('ip', ['netns', 'add', world.name('taken')])
  ip('-n', world.host.name, 'link', 'add', 'br-taken', 'type', 'bridge')
  const program = (await import('#lib/kernel/native.js')).enter(world.host.path, () => createServer().listen(7777))
  t.teardown(() => program.close())
  const before = stateOf(world)
  const create = (options: CreateOptions) => (on: Slipway) => on.sandboxes.create({ name, ...options })
  const refused: Record<string, (on: Slipway) => Promise<unknown>> = {
    'a port of a program': create({ publish: ['7777:80'] }),
    'a port of no address of the host': create({ publish: ['203.0.113.9:80:80'] }),
    'one port twice': create({ publish: ['80:80', '80:81'] }),
    'an address outside': create({ ip: '203.0.113.9' }),
    "the gateway's address": create({ ip: '172.17.0.1' }),
    'IPv6 that the network lacks': create({ ip6: 'fd00::9' }),
    'a name that is taken in /run/netns': (on) => on.sandboxes.create({ name: world.name('taken') }),
    'no such network': create({ network: 'nowhere' }),
    'no such sandbox': create({ network: 'container:nobody' }),
    'a namespace with an interface of that name': create({ netns: path, publish: ['7777:80'] }),
    'an alias': create({ aliases: ['db'] }),
    'it is given up': create({ publish: ['7778:80'], timeout: 0.01 }),
    'a bridge that is there': (on) =>
      on.networks.create({ name: 'web', options: { 'com.docker.network.bridge.name': 'br-taken' } }),
    'a subnet of the host': (on) => on.networks.create({ name: 'web', subnets: [{ subnet: '192.0.2.0/24' }] }),
    'an option': (on) => on.networks.create({ name: 'web', options: { colour: 'red' } }),
    'several at once': async (on) => {
      const all = await Promise.allSettled(
        [1, 2, 3].map((port) => create({ name: `${name}${port}`, publish: ['7777:80'] })(on)),
      )
      throw (all.find(({ status }) => status === 'fulfilled') ?? all[0]) as unknown as Error
    },
  }
  for (const [what, call] of Object.entries(refused)) {
    await t.throwsAsync(call(slipway), { any: true }, what)
    t.deepEqual(stateOf(world), before, what)
  }
  // By the command, whose library is another process.
  t.is((await command(world, 'create', '-p', '7777:80')).status, 1)
  t.is((await command(world, 'run', '-p', '7777:80', '--', 'true')).status, 1)
  t.deepEqual(stateOf(world), before, 'the command')

  // What has come to be used stays.
  const first = await slipway.sandboxes.create({ name, network: 'none' })
  await t.throwsAsync(first.connect('bridge', { ip: '203.0.113.9' }))
  t.deepEqual(stateOf(world).links, before.links)
  await first.remove()
  const [, made] = await Promise.allSettled([
    slipway.sandboxes.create({ name: `${name}1`, publish: ['7777:80'] }),
    slipway.sandboxes.create({ name: `${name}2`, publish: ['8080:80'] }),
  ])
  t.is(made.status, 'fulfilled')
  await t.throwsAsync(create({ publish: [`${HOST_ADDRESS}:7777:80`] })(slipway), { code: 'PORT_IN_USE' })
  t.true(stateOf(world).links.some((link) => link.includes('docker0')))
  t.is((await slipway.sandboxes.list()).length, 1)
})
