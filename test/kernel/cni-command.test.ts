import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { failureOf, type CniFailure } from '#lib/servers/cni/cni-error.js'
import { readEnvironment } from '#lib/servers/cni/environment.js'
import { perform, readCall } from '#lib/servers/cni/plugin.js'
import { performInTurn } from '#lib/servers/cni/queue.js'
import { cniCommand, pluginFolder } from '../helpers/cni-command.js'
import { newContainer, variablesOf, WEB, type CniContainer } from '../helpers/cni.js'
import { ipJson, World } from '../helpers/world.js'

/** The plugin of CNI as a command of its own, with plugins that give addresses, and what was put aside for it. */

test('the command does what a runtime asks for, prints errors for it, and says nothing else', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const call = (command: string, config: unknown, more: object = {}) =>
    cniCommand(world, { ...variablesOf(command, container), ...more }, config)
  const { status, stderr, printed } = await call('ADD', WEB)
  t.deepEqual([status, stderr], [0, ''])
  // Nobody answers names once it has ended.
  t.like(printed, { cniVersion: '1.1.0', ips: [{ address: '10.22.0.2/24' }], dns: {} })
  t.like(await call('CHECK', { ...WEB, prevResult: printed }), { status: 0, stdout: '', stderr: '' })
  t.like(await call('ADD', WEB), { status: 1, stderr: '', printed: { code: 100 } })
  t.like(await call('DEL', WEB), { status: 0, stdout: '', stderr: '' })
  t.like(await call('VERSION', { cniVersion: '1.0.0' }), { status: 0, printed: { cniVersion: '1.0.0' } })
  t.like(await call('ADD', '{'), { status: 1, stderr: '', printed: { code: 6 } })
  t.like(await call('ADD', WEB, { CNI_NETNS: '' }), { status: 1, stderr: '', printed: { code: 4 } })
  t.like(await call('ADD', ' '.repeat(2 << 20)), { status: 1, stderr: '', printed: { code: 5 } })
  const slipway = await world.open()
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
})

const queueFolder = (world: World): string => join(world.stateDir, String(statSync(world.host.path).ino), 'cni')

/** Puts calls aside, as the program does. */
function putAside(world: World) {
  mkdirSync(queueFolder(world), { mode: 0o700, recursive: true })
  return (name: string, variables: Readonly<Record<string, string>>, config: unknown): void => {
    const lines = Object.entries(variables).map(([key, value]) => `${key}=${value}\0`)
    writeFileSync(join(queueFolder(world), name), `${lines.join('')}\0${JSON.stringify(config)}`)
  }
}

const GIVES = `case $CNI_COMMAND in
ADD) echo '{ "ips": [{ "address": "10.40.0.7/24", "gateway": "10.40.0.1" }],
  "routes": [{ "dst": "0.0.0.0/0" }], "dns": { "nameservers": ["192.0.2.53"] } }' ;;
esac`

test('a plugin of ipam.type gives the address, with all that this one was called with', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const { path, log } = pluginFolder(t, 'ours', GIVES)
  const config = { ...WEB, ipam: { type: 'ours', odd: 1 } }
  const call = (command: string, more: object = {}) =>
    cniCommand(world, { ...variablesOf(command, container), CNI_PATH: `/nowhere:${path}` }, { ...config, ...more })
  const { printed, done } = await call('ADD')
  t.true(done, JSON.stringify(printed))
  t.deepEqual(printed.ips, [{ address: '10.40.0.7/24', gateway: '10.40.0.1', interface: 2 }])
  t.deepEqual(printed.dns, { nameservers: ['192.0.2.53'] })
  t.deepEqual(printed.routes, [{ dst: '0.0.0.0/0', gw: '10.40.0.1' }])
  const addresses = ipJson<{ addr_info: { local: string }[] }>(container, 'address', 'show', 'dev', 'eth0')
  t.true(addresses.some(({ addr_info }) => addr_info.some(({ local }) => local === '10.40.0.7')))
  const rest = [
    await call('CHECK', { prevResult: printed }),
    await call('STATUS'),
    await call('GC', { 'cni.dev/valid-attachments': [{ containerID: container.id, ifname: 'eth0' }] }),
    await call('DEL'),
    await call('DEL'),
  ]
  t.true(
    rest.every(({ done }) => done),
    JSON.stringify(rest),
  )
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  t.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['ADD', 'CHECK', 'STATUS', 'GC', 'DEL', 'DEL'],
  )
  t.is(lines[0], `ADD eth0 ${JSON.stringify(config)}`)
})

test('what such a plugin refuses is told as it says it, and addresses that are of no use it takes back', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const slipway = await world.open()
  // As the command does it, in this process.
  const add = async (type: string, path: string): Promise<Partial<CniFailure>> => {
    const variables = { ...variablesOf('ADD', container), CNI_PATH: path }
    const input = Buffer.from(JSON.stringify({ ...WEB, ipam: { type } }))
    try {
      return (await perform(slipway, readCall(readEnvironment(variables), variables, input), false)) ?? {}
    } catch (error) {
      return failureOf(error)
    }
  }
  const asked = (log: string) =>
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0])
  for (const [script, code, words] of [
    [`echo '{ "code": 117, "msg": "none left", "details": "of 3" }'; exit 1`, 117, 'none left'],
    ['echo no; exit 3', 109, 'ended with status 3 and does not say why'],
    ['echo no', 6, 'invalid JSON'],
    [`echo '{ "ips": [] }'`, 7, 'gives no address'],
    [`echo '{ "ips": [{ "address": "10.40.0.7" }] }'`, 7, 'no CIDR'],
    [`echo '{ "ips": [{ "address": "10.40.0.7/24" }], "routes": [{ "dst": "10.0.0.0/8" }] }'`, 2, '10.0.0.0/8'],
    [`echo '{ "ips": [{ "address": "192.0.2.7/24" }] }'`, 100, '192.0.2'],
  ] as const) {
    const { path, log } = pluginFolder(t, 'ours', script)
    const said = await add('ours', path)
    t.is(said.code, code, JSON.stringify(said))
    t.true(said.msg?.includes(words), said.msg)
    t.deepEqual(asked(log), ['ADD', 'DEL'], script)
  }
  t.is((await add('nothing', '/nowhere')).code, 109)
  t.is((await add('../nothing', '/nowhere')).code, 7)
  t.is((await add('nothing', '')).code, 4)
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
})

test('a deletion that is refused stays, and is void once the container comes anew', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const [first, second] = [newContainer(world, 0), newContainer(world, 1)]
  const { path, log } = pluginFolder(t, 'ours', '[ $CNI_COMMAND = STATUS ]')
  const put = putAside(world)
  put('0000000000000001', { ...variablesOf('DEL', first), CNI_PATH: path }, { ...WEB, ipam: { type: 'ours' } })
  const call = (command: string, container: CniContainer) => {
    const variables = variablesOf(command, container)
    const input = Buffer.from(JSON.stringify(WEB))
    return performInTurn(slipway, readCall(readEnvironment(variables), variables, input), false)
  }
  const tried = () => readFileSync(log, 'utf8').match(/^DEL /gm)?.length ?? 0
  await call('ADD', second)
  t.deepEqual([tried(), readdirSync(queueFolder(world))], [1, ['0000000000000001']])
  await call('DEL', second)
  t.is(tried(), 1, 'it is not tried again with each call')
  await call('ADD', first)
  t.deepEqual([tried(), readdirSync(queueFolder(world))], [2, []])
  await call('ADD', second)
  t.is((await slipway.sandboxes.list()).length, 2)
})

test('deletions that were put aside are done before anything else, and what is no deletion is not', async (t) => {
  const world = new World(t)
  const [first, second] = [newContainer(world, 0), newContainer(world, 1)]
  const slipway = await world.open()
  for (const one of [first, second]) t.true((await cniCommand(world, variablesOf('ADD', one), WEB)).done)
  const put = putAside(world)
  put('0000000000000001', variablesOf('DEL', first), WEB)
  put('0000000000000002', variablesOf('ADD', second), { ...WEB, name: 'other' })
  put('0000000000000003', {}, '')
  put('.0000000000000004', variablesOf('DEL', second), WEB)
  t.true((await cniCommand(world, variablesOf('STATUS', first), WEB)).done)
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ path }) => path),
    [second.path],
  )
  t.deepEqual(readdirSync(queueFolder(world)), ['.0000000000000004'])
})
