import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Slipway, type Sandbox } from '#lib/index.js'
import { inspectHost } from '../helpers/damage.js'
import { slipway as command } from '../helpers/command.js'
import { elements } from '../helpers/snapshot.js'
import { eventually, execIn, World } from '../helpers/world.js'

/**
 * Records that somebody or something has changed: named, passed over, and nothing outside what Slipway makes is
 * touched.
 */

interface Damage {
  what: string
  /** What the record has instead; in the record of a network with the others after `spec.`. */
  change: Record<string, unknown>
  /** What is named. */
  field: string
}

const ID = 'f'.repeat(64)
const DEAD = { pid: 4194304, started: '1' }

const SANDBOXES: Damage[] = [
  { what: 'no list of endpoints', change: { endpoints: undefined }, field: 'endpoints' },
  { what: 'an endpoint that is none', change: { endpoints: [{}] }, field: 'endpoints[0].id' },
  { what: 'a list in a list', change: { endpoints: [[]] }, field: 'endpoints[0]' },
  { what: 'nothing for a port', change: { ports: [null] }, field: 'ports[0]' },
  {
    what: 'a huge port',
    change: { ports: [{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 1e308, containerPort: 80 }] },
    field: 'ports[0].hostPort',
  },
  { what: 'no maker', change: { maker: undefined }, field: 'maker' },
  { what: 'a huge process id', change: { maker: { pid: 2 ** 53, started: '1' } }, field: 'maker.pid' },
  { what: 'a number for an id', change: { id: 7 }, field: 'id' },
  { what: 'a text for a flag', change: { removing: 'yes' }, field: 'removing' },
  { what: 'another name', change: { name: 'other' }, field: 'path' },
  { what: 'a name that climbs', change: { name: '../../../other' }, field: 'name' },
  { what: "somebody's file", change: { path: '/run/precious' }, field: 'path' },
  { what: 'a path that is none', change: { path: ['/run/netns/x'] }, field: 'path' },
  { what: 'no network', change: { network: undefined }, field: 'network' },
  { what: 'a version that never was', change: { version: 0 }, field: 'version' },
  { what: 'a version of another type', change: { version: '2' }, field: 'version' },
]

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'net' })
  const app = await world.create(slipway, 'app', { network: 'net', publish: ['8080:80'] })
  await slipway.close()
  const folder = join(world.stateDir, readdirSync(world.stateDir)[0] ?? '')
  return {
    world,
    app,
    folder,
    sandbox: join(folder, 'sandboxes', `${app.name}.json`),
    network: join(folder, 'networks', 'net.json'),
  }
}

const readRecord = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>

/** It opens, says what is wrong with one record, and has the sandbox that is whole. */
async function opens(
  t: ExecutionContext,
  world: World,
  app: Sandbox | undefined,
  path: string,
  field: string,
): Promise<void> {
  const slipway = await world.open()
  const { damaged = [], collected, adopted } = slipway.reconciled
  t.is(damaged.length, 1, path)
  t.true(damaged[0]?.startsWith(`${path} is no record`) && damaged[0].includes(field), `${field}: ${damaged[0]}`)
  t.deepEqual(collected, [], field)
  t.deepEqual(adopted, app ? [app.name] : [], field)
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ name }) => name),
    app ? [app.name] : [],
  )
  await slipway.close()
}

test('a record with a wrong field is named, and the rest of the host opens', async (t) => {
  const { world, app, folder, sandbox } = await setUp(t)
  const good = readRecord(sandbox)
  const path = join(folder, 'sandboxes', 'x.json')
  const whole = { ...good, name: 'x', id: ID, path: '/run/netns/x', maker: DEAD, endpoints: [], ports: [] }
  writeFileSync('/run/precious', 'text')
  t.teardown(() => rmSync('/run/precious', { force: true }))
  for (const { change, field } of SANDBOXES) {
    writeFileSync(path, JSON.stringify({ ...whole, ...change }))
    await opens(t, world, app, path, field)
    t.true(existsSync(path), field)
  }
  t.is(readFileSync('/run/precious', 'utf8'), 'text')

  const slipway = await world.open()
  const refusal = await t.throwsAsync(slipway.sandboxes.create({ name: 'x' }), {
    name: 'SlipwayError',
    code: 'CONFLICT',
  })
  t.true(refusal?.message.includes(path))
  await t.throwsAsync(slipway.sandboxes.get('x'), { name: 'SlipwayError', code: 'CONFLICT', message: /version/ })
  const doctor = await command(world, 'doctor')
  t.is(doctor.status, 1)
  t.regex(doctor.stdout, /problem +leftovers .*x\.json is no record/)
})

test('whatever stands in the place of a record', async (t) => {
  const { world, app, folder } = await setUp(t)
  const path = join(folder, 'sandboxes', 'x.json')
  const secret = join(world.stateDir, 'secret')
  writeFileSync(secret, '{}')
  const TEXTS = {
    '': 'JSON',
    '{': 'JSON',
    null: 'object',
    '[]': 'object',
    '7': 'object',
    '"text"': 'object',
    '{"__proto__":{"version":2}}': 'version',
    '\u0000\ufffd': 'JSON',
  }
  for (const [text, field] of Object.entries(TEXTS)) {
    writeFileSync(path, text)
    await opens(t, world, app, path, field)
  }
  rmSync(path)
  const THINGS: [() => void, string][] = [
    [() => symlinkSync(secret, path), 'symbolic link'],
    [() => execFileSync('mkfifo', [path]), 'regular file'],
    [() => mkdirSync(path), 'regular file'],
    [() => execFileSync('mknod', [path, 'c', '1', '3']), 'regular file'],
  ]
  for (const [make, field] of THINGS) {
    make()
    await opens(t, world, app, path, field)
    rmSync(path, { recursive: true })
  }
  const long = join(folder, 'sandboxes', `${'x'.repeat(200)}.json`)
  writeFileSync(long, '{"version":2}')
  await opens(t, world, app, long, 'id')
})

test('a sandbox whose record is damaged goes on, until it is mended or removed', async (t) => {
  const { world, app, sandbox, folder } = await setUp(t)
  const before = inspectHost(world)
  const text = readFileSync(sandbox, 'utf8')
  for (const damaged of [
    '',
    '{',
    text.replace('"hostLink"', '"hostLinks"'),
    text.replace(/"mac":"[^"]+"/, '"mac":7'),
  ]) {
    writeFileSync(sandbox, damaged)
    await opens(t, world, undefined, sandbox, '')
    t.deepEqual(inspectHost(world), before, damaged)
  }
  const slipway = await world.open()
  const net = await slipway.networks.get('net')
  await t.throwsAsync(net.remove(), { name: 'SlipwayError', code: 'CONFLICT', message: new RegExp(sandbox) })
  await slipway.close()

  writeFileSync(sandbox, text)
  const mended = await world.open()
  t.deepEqual(mended.reconciled, { adopted: [app.name], healed: [], collected: [] })
  await mended.close()
  rmSync(sandbox)
  const without = await world.open()
  t.true(without.reconciled.collected.length > 0)
  t.deepEqual(
    readdirSync(join(folder, 'sandboxes')).filter((name) => name.endsWith('.json')),
    [],
  )
})

test('addresses of a sandbox whose record is damaged stay its own when the ruleset is flushed', async (t) => {
  const { world, app, sandbox } = await setUp(t)
  const text = readFileSync(sandbox, 'utf8')
  const claimed = () =>
    ['addresses4', 'addresses6'].flatMap((set) =>
      elements(world.host, set)
        .filter(({ comment }) => comment?.startsWith(`${app.name} `))
        .map(({ key }) => key),
    )
  const before = claimed()
  t.true(before.length > 0)
  for (const damaged of [
    text.replace('"hostLink"', '"hostLinks"'),
    text.replace(/"version":\d/, '"version":0'),
    text.slice(0, -5),
  ]) {
    writeFileSync(sandbox, damaged)
    execIn(world.host, 'nft', 'flush', 'ruleset')
    const slipway = await world.open()
    t.deepEqual(claimed(), before, damaged)
    for (const ip of before.filter((address) => !address.includes(':')))
      await t.throwsAsync(world.create(slipway, 'twin', { network: 'net', ip }), {
        code: 'ADDRESS_IN_USE',
        message: new RegExp(app.name),
      })
    await slipway.close()
  }
  writeFileSync(sandbox, text)
  const mended = await world.open()
  t.deepEqual(mended.reconciled.collected, [])
  await (await mended.sandboxes.get(app.name)).remove()
  t.true(await eventually(() => claimed().length === 0))
})

test('a record that says nothing, while the ruleset is flushed: the link of its sandbox stays, and is its again when it is mended', async (t) => {
  const { world, app, sandbox } = await setUp(t)
  const text = readFileSync(sandbox, 'utf8')
  const links = () => inspectHost(world).links
  const before = links()
  for (const damaged of ['', '{', text.slice(0, 20)]) {
    writeFileSync(sandbox, damaged)
    execIn(world.host, 'nft', 'flush', 'ruleset')
    const slipway = await world.open()
    t.deepEqual(links(), before, damaged)
    await slipway.close()
  }
  writeFileSync(sandbox, text)
  const mended = await world.open()
  t.deepEqual([mended.reconciled.collected, mended.reconciled.lost], [[], undefined])
  t.deepEqual(links(), before)
  await (await mended.sandboxes.get(app.name)).remove()
})

test('a network whose record is damaged keeps its bridge and its sandboxes', async (t) => {
  const { world, app, network } = await setUp(t)
  const before = inspectHost(world)
  const good = readRecord(network)
  const spec = good['spec'] as Record<string, unknown>
  const CHANGES: [Record<string, unknown>, string][] = [
    [{ spec: undefined }, 'spec'],
    [{ spec: { ...spec, bridge: 'uplink' } }, 'spec.bridge'],
    [{ spec: { ...spec, bridge: '../up' } }, 'spec.bridge'],
    [{ spec: { ...spec, subnets: [{ family: 4, subnet: '10.0.0.0/99' }] } }, 'spec.subnets[0].subnet'],
    [{ spec: { ...spec, id: ID } }, 'spec.id'],
    [{ labels: null }, 'labels'],
    [{ spec: { ...spec, driver: 'overlay' } }, 'spec.driver'],
    [{ version: 0 }, 'version'],
  ]
  for (const [change, field] of CHANGES) {
    writeFileSync(network, JSON.stringify({ ...good, ...change }))
    await opens(t, world, app, network, field)
    t.deepEqual(inspectHost(world), before, field)
  }
})

test('a network whose record is of the first version, which names no driver, is used and removed', async (t) => {
  const { world, network } = await setUp(t)
  const { spec, ...good } = readRecord(network)
  const { driver, ...oldSpec } = spec as Record<string, unknown>
  t.is(driver, 'bridge')
  writeFileSync(network, JSON.stringify({ ...good, version: 1, spec: oldSpec }))
  const slipway = await world.open()
  const { damaged, collected, healed } = slipway.reconciled
  t.deepEqual([damaged, collected, healed], [undefined, [], []])
  await world.create(slipway, 'more', { network: 'net' })
  const there = await slipway.networks.get('net')
  t.is(there.driver, 'bridge')
  for (const { name } of await slipway.sandboxes.list()) await (await slipway.sandboxes.get(name)).remove()
  await there.remove()
  t.false(existsSync(network))
})

test("a record that names an administrator's link as its bridge has nothing done to it", async (t) => {
  const { world, network } = await setUp(t)
  const good = readRecord(network)
  const options = { 'com.docker.network.bridge.name': 'uplink' }
  const path = join(dirname(network), 'planted.json')
  const spec = { ...(good['spec'] as object), id: ID, name: 'planted', bridge: 'uplink' }
  writeFileSync(path, JSON.stringify({ ...good, name: 'planted', id: ID, maker: DEAD, options, spec }))
  const before = inspectHost(world).links
  const slipway = await world.open()
  await slipway.networks
    .get('planted')
    .then((planted) => planted.remove())
    .catch(() => undefined)
  t.deepEqual(inspectHost(world).links, before)
})

test('a state directory that others may write is refused, and so are links in it', async (t) => {
  const { world, folder } = await setUp(t)
  const refused = async (path: string, what: RegExp, make: () => void, undo: () => void) => {
    make()
    const error = await t.throwsAsync(
      Slipway.open({ netns: world.host.path, stateDir: world.stateDir }),
      { name: 'SlipwayError', code: 'INVALID_ARGUMENT', message: what },
      path,
    )
    t.true(error?.message.includes(path), error?.message)
    undo()
  }
  for (const path of [world.stateDir, folder, join(folder, 'sandboxes'), join(folder, 'networks')]) {
    await refused(
      path,
      /other users may write/,
      () => chmodSync(path, 0o777),
      () => chmodSync(path, 0o755),
    )
    if (path !== world.stateDir)
      await refused(
        path,
        /other users may write/,
        () => chmodSync(path, 0o1777),
        () => chmodSync(path, 0o755),
      )
    await refused(
      path,
      /owner 1000/,
      () => chownSync(path, 1000, 0),
      () => chownSync(path, 0, 0),
    )
  }
  for (const what of ['sandboxes', 'networks', 'files', 'holders', 'pool']) {
    const path = join(folder, what)
    const there = existsSync(path)
    const elsewhere = join(world.stateDir, 'elsewhere')
    if (there) renameSync(path, elsewhere)
    else mkdirSync(elsewhere)
    await refused(
      path,
      /symbolic link/,
      () => symlinkSync(elsewhere, path),
      () => rmSync(path),
    )
    if (there) renameSync(elsewhere, path)
    else rmSync(elsewhere, { recursive: true })
  }
  const above = join(world.stateDir, 'above')
  mkdirSync(above)
  chmodSync(above, 0o777)
  await t.throwsAsync(Slipway.open({ netns: world.host.path, stateDir: join(above, 'state') }), {
    code: 'INVALID_ARGUMENT',
    message: new RegExp(above),
  })
  chmodSync(above, 0o1777)
  await (
    await Slipway.open({ netns: world.host.path, stateDir: join(above, 'state'), bridgeName: 'other0' }).catch(
      () => undefined,
    )
  )?.close()
  t.is(dirname(above), world.stateDir)
})

test('folders of others in the state directory are left alone', async (t) => {
  const { world, folder } = await setUp(t)
  for (const path of [
    join(folder, 'files', 'notes'),
    join(folder, 'holders', 'somebody'),
    join(folder, 'holders', '1x-2-y'),
    join(folder, 'pool', 'mine'),
  ]) {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'text'), '')
  }
  const slipway = await world.open()
  await world.create(slipway, 'more', { publish: ['8081:80'] })
  await slipway.close()
  for (const path of ['files/notes', 'holders/somebody', 'holders/1x-2-y', 'pool/mine'])
    t.true(existsSync(join(folder, path, 'text')), path)
})
