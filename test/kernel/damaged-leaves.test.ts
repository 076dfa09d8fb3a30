import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { slipway as command } from '../helpers/command.js'
import { addressesOf } from '../helpers/every-kind.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { eventually, execIn, ipJson, type Place } from '../helpers/world.js'

/** What others do to a further bridge of a network. Who notices what else is done is in damage.test.ts. */

const DAMAGES: Readonly<Record<string, readonly string[]>> = {
  'ip link delete web0-1': ['link delete web0-1'],
  'ip link set web0-1 name old1': ['link set web0-1 down', 'link set web0-1 name old1', 'link set old1 up'],
  'ip address flush dev web0-1': ['address flush dev web0-1'],
  "ip link set web0-1 alias ''": ['link set web0-1 alias'],
}

const TABLE = `
  from  a:80  b:80
  host  host  host
  a     a     a
  b     b     b
`

interface Scene {
  world: DualStackWorld
  cast: Cast
}

async function setUp(t: ExecutionContext, heal: boolean): Promise<Scene & { close(): Promise<void> }> {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open({ portsPerBridge: 1, heal })
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.3.0.0/24' }, { subnet: 'fd00:3::/64' }],
    options: { 'com.docker.network.bridge.name': 'web0' },
  })
  const cast: Cast = { host: { place: world.host, at: { 4: '10.3.0.1', 6: 'fd00:3::1' } } }
  for (const name of ['a', 'b']) {
    const sandbox = await world.create(slipway, name, { network: 'web' })
    cast[name] = { place: sandbox, at: addressesOf(sandbox) }
    serveBoth(t, sandbox, 80)
  }
  return { world, cast, close: () => slipway.close() }
}

const damage = ({ world }: Scene, commands: readonly string[]): void => {
  for (const command of commands)
    execIn(world.host, 'ip', ...command.split(' '), ...(command.endsWith('alias') ? [''] : []))
}

interface Link {
  ifname: string
  ifalias?: string
  master?: string
  flags: string[]
  addr_info: { local: string; prefixlen: number; scope: string }[]
}

/** Bridges and their ports by name, what they are called, and their addresses; elements; routes to sandboxes. */
function conditionOf(host: Place): Record<string, unknown> {
  const aliases = new Map(ipJson<Link>(host, 'link').map(({ ifname, ifalias }) => [ifname, ifalias]))
  const links = ipJson<Link>(host, 'address').filter(({ ifname }) => /^(web0|old|veth)/.test(ifname))
  return {
    links: links
      .map(({ ifname, master, flags, addr_info }) => [
        ifname,
        aliases.get(ifname),
        master,
        flags.includes('UP'),
        addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort(),
      ])
      .sort(),
    routes: [
      ...ipJson<{ dst: string; dev: string }>(host, 'route'),
      ...ipJson<{ dst: string; dev: string }>(host, '-6', 'route'),
    ]
      .map(({ dst, dev }) => `${dst} ${dev}`)
      .filter((one) => one.includes('web0'))
      .sort(),
    elements: execIn(host, 'nft', 'list', 'ruleset')
      .split('\n')
      .filter((line) => line.includes('web0'))
      .map((line) => line.replace(/counter packets \d+ bytes \d+/g, '').trim())
      .sort(),
  }
}

for (const [what, commands] of Object.entries(DAMAGES)) {
  test.serial(`${what}: a process that is open gives it back at once`, async (t) => {
    const scene = await setUp(t, true)
    const before = conditionOf(scene.world.host)
    damage(scene, commands)
    t.notDeepEqual(conditionOf(scene.world.host), before)
    // Each look holds this process's event loop, which heals.
    await eventually(async () => {
      await sleep(400)
      return JSON.stringify(conditionOf(scene.world.host)) === JSON.stringify(before)
    })
    t.deepEqual(conditionOf(scene.world.host), before)
    await holds(t, scene.cast, TABLE)
  })

  test.serial(`${what}: doctor finds it without a process, and gives it back with --fix`, async (t) => {
    const scene = await setUp(t, false)
    await scene.close()
    const before = conditionOf(scene.world.host)
    damage(scene, commands)
    const { stdout } = await command(scene.world, 'doctor')
    t.regex(stdout, /network web|the bridge web0-1/)
    await command(scene.world, 'doctor', '--fix')
    t.deepEqual(conditionOf(scene.world.host), before)
    await holds(t, scene.cast, TABLE)
  })
}
