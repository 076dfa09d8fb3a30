import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Sandbox } from 'slipway'
import { checkFirewalls } from '#lib/cli/doctor/firewalls.js'
import { looking } from '#lib/cli/looking.js'
import { readOpenOptions } from '#lib/api/options.js'
import { end, start } from '../helpers/command.js'
import { fetchFrom, NO_ANSWER, openUdp, ask, serveTcp, serveUdp } from '../helpers/traffic.js'
import {
  eventually,
  execIn,
  HOST_ADDRESS,
  ip,
  listenTo,
  NEIGHBOUR_ADDRESS,
  runIn,
  World,
  type Place,
} from '../helpers/world.js'

/** The recipes of docs/operations.md, as they stand there but for the names of links. */

const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

/** Blocks of code of a recipe. */
function recipe(title: string): string[] {
  const [, text = ''] = PAGE.split(`### ${title}\n`)
  return [...(text.split(/^#{2,3} /m)[0] ?? '').matchAll(/```\w+\n(.*?)```/gs)].map(([, block = '']) => block)
}

function load(world: World, rules: string): void {
  const file = join(world.stateDir, 'recipe.nft')
  writeFileSync(file, rules)
  execIn(world.host, 'nft', '-f', file)
}

test.serial('a firewall of the host with policy drop', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'route', 'add', 'default', 'via', NEIGHBOUR_ADDRESS)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }] })
  const [rules = ''] = recipe('A firewall of the host with policy drop')
  load(world, rules)
  const apps: Sandbox[] = [
    await world.create(slipway, 'first', { publish: ['8080:80'] }),
    await world.create(slipway, 'second', { network: 'web', publish: ['8081:80'] }),
  ]
  serveTcp(t, world.neighbour, 8000)
  const names = await runIn(apps[1] as Sandbox, 'timeout', '10', 'bash', '-c', 'exec 3<>/dev/tcp/10.7.0.1/53')
  t.is(names.code, 0)
  for (const [index, app] of apps.entries()) {
    serveTcp(t, app, 80)
    t.is(await fetchFrom(app, `http://${NEIGHBOUR_ADDRESS}:8000/`), HOST_ADDRESS)
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:808${index}/`), NEIGHBOUR_ADDRESS)
  }
  t.is((await end(start(world, ['doctor']))).status, 0)
  t.deepEqual(
    (await looking(readOpenOptions({ netns: world.host.path, stateDir: world.stateDir }), checkFirewalls)).map(
      ({ status }) => status,
    ),
    ['ok'],
  )
})

test.serial('two uplinks', async (t) => {
  const world = new World(t)
  const second: Place = { name: world.name('second'), path: `/run/netns/${world.name('second')}` }
  ip('netns', 'add', second.name)
  ip('link', 'add', 'eth1', 'netns', world.host.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', second.name)
  // Who asks is behind the router there.
  for (const [place, link, address] of [
    [world.host, 'eth1', '198.51.100.1/24'],
    [second, 'eth0', '198.51.100.9/24'],
    [second, 'lo', '203.0.113.9/32'],
  ] as const) {
    ip('-n', place.name, 'address', 'add', address, 'dev', link)
    ip('-n', place.name, 'link', 'set', 'dev', link, 'up')
  }
  ip('-n', world.host.name, 'route', 'add', 'default', 'via', NEIGHBOUR_ADDRESS)
  const app = await world.create(await world.open(), 'app', { publish: ['8080:80/tcp', '8080:80/udp'] })
  serveTcp(t, app, 80)
  serveUdp(t, app, 80)
  const from = '203.0.113.9'
  const url = 'http://198.51.100.1:8080/'
  t.is(await fetchFrom(second, url, { from, expected: NO_ANSWER }), NO_ANSWER)
  const [rules = '', commands = ''] = recipe('Two uplinks')
  load(world, rules)
  execIn(world.host, 'sh', '-euc', commands)
  t.is(await fetchFrom(second, url, { from }), from)
  t.is(await ask(openUdp(t, second, 0, 4, from), '198.51.100.1', 8080), from)
  // By the other one, as before.
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), NEIGHBOUR_ADDRESS)
})

const HEAR = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 6767))
print('listening', flush=True)
while True: print(s.recvfrom(100)[0].decode(), flush=True)
`
const SHOUT = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
s.sendto(b'anybody', ('255.255.255.255', 6767))
`

test.serial('broadcasts', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['6767:6767/udp'] })
  const said = listenTo(t, app, 'python3', '-c', HEAR)
  t.true(await eventually(() => said().includes('listening'), 10_000))
  const [commands = ''] = recipe('Broadcasts: DHCP, discovery')
  for (const line of commands.trim().split('\n')) {
    const args = line
      .replace('parent=eth0', 'parent=uplink')
      .replace('connect server', `connect ${app.name}`)
      .split(' ')
      .slice(1)
    const { status, stderr } = await end(start(world, args))
    t.is(status, 0, stderr)
  }
  // The link may have its carrier a moment later.
  t.true(
    await eventually(() => {
      execIn(world.neighbour, 'python3', '-c', SHOUT)
      return said().includes('anybody')
    }, 10_000),
  )
})
