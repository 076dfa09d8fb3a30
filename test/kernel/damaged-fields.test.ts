import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readRecordText } from '#lib/store/kind.js'
import { NETWORK } from '#lib/store/network-kind.js'
import { SANDBOX } from '#lib/store/sandbox-kind.js'
import { changed, fieldsOf, VALUES, type Path } from '../helpers/every-field.js'
import { networkRecord, sandboxRecord } from '../helpers/whole-records.js'
import { inspectHost } from '../helpers/damage.js'
import { difference, snapshot, without } from '../helpers/snapshot.js'
import { lasting, ip, World } from '../helpers/world.js'

/**
 * Every field of every kind of records, by the schema: what open() does with it, and that nothing of others is changed.
 */

type Json = Record<string, unknown>

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Json
const DEAD = { pid: 4194304, started: '1' }

/** Two sandboxes on a network of two bridges and one elsewhere; links, routes and files of other programs. */
async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open({ portsPerBridge: 1 })
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
    ipv6: true,
  })
  await slipway.networks.create({ name: 'other', subnets: [{ subnet: '10.8.0.0/24' }] })
  const app = await world.create(slipway, 'app', {
    network: 'web',
    publish: ['8080:80', '8081:81/udp,allow=192.0.2.0/24'],
  })
  const leaf = await world.create(slipway, 'leaf', { network: 'web', publish: ['8082:80'] })
  const elsewhere = await world.create(slipway, 'else', { network: 'other' })
  await leaf.files()
  await slipway.close({ wait: true })
  ip('-n', world.host.name, 'link', 'add', 'brx', 'type', 'bridge')
  ip('-n', world.host.name, 'route', 'add', '10.99.0.0/24', 'dev', 'uplink')
  ip('netns', 'add', world.name('theirs'))
  const [host = ''] = readdirSync(world.stateDir)
  const folder = join(world.stateDir, host)
  const names = [app, leaf, elsewhere].map(({ name }) => name).sort()
  return { world, app, leaf, names, sandboxes: join(folder, 'sandboxes'), networks: join(folder, 'networks') }
}

/** A record by another name, with ids of its own where it has those of the one that it was made from. */
function renamed(record: Json, base: Json, name: string): Json {
  const ids = new Map<unknown, string>([
    [base['name'], name],
    [base['path'], `/run/netns/${name}`],
    [base['id'], digest(name)],
  ])
  for (const { id, body } of base['endpoints'] as { id: string; body: { hostLink: string } }[]) {
    const own = digest(`${name} ${id}`)
    ids.set(id, own).set(body.hostLink, `veth${own.slice(0, 11)}`)
  }
  return JSON.parse(JSON.stringify(record), (_, value: unknown) => ids.get(value) ?? value) as Json
}

const state = (world: World) => without(snapshot(world), 'descriptors', 'files')

/** What stands in a field of another record. */
const at = (record: Json, path: Path): unknown =>
  path.reduce((value: unknown, key) => (value as Json | undefined)?.[key], record)

/** Records of this shape, each with one field that is not as it was. */
function* damages(
  shape: typeof SANDBOX.shape,
  whole: object,
  base: Json,
  other: Json,
): Generator<{ what: string; record: Json }> {
  for (const { path, name } of fieldsOf(shape, whole)) {
    // What the record does not have by itself, it gets for this.
    const given = changed(base, path.slice(0, 1), base[path[0] as string] ?? (whole as Json)[path[0] as string])
    const values: [string, unknown][] = [
      ...Object.entries(VALUES).filter(([value]) => !value.startsWith('a long')),
      ["another's", at(other, path)],
    ]
    for (const [value, put] of values) {
      try {
        yield { what: `${name}: ${value}`, record: changed(given, path, put) }
      } catch {
        // The record has no such list.
      }
    }
  }
}

for (const mark of [false, true]) {
  test.serial(
    `records of sandboxes that are planted beside those of others, ${mark ? 'as made to their end' : 'as half made'}`,
    async (t) => {
      const { world, app, leaf, names, sandboxes } = await setUp(t)
      const living = [app, leaf].map(({ name }) => read(join(sandboxes, `${name}.json`)))
      const before = state(world)
      const planted = new Map<string, { what: string; text: string }>()
      const [base = {}, other = {}] = living
      for (const { what, record } of damages(SANDBOX.shape, sandboxRecord, { ...base, maker: DEAD }, other)) {
        const name = `${world.prefix}x${planted.size}`
        const path = join(sandboxes, `${name}.json`)
        const text = JSON.stringify(renamed(record, base, name))
        writeFileSync(path, text)
        if (mark) chmodSync(path, 0o755)
        planted.set(path, { what, text })
      }
      const slipway = await world.open()
      const { damaged = [], lost = [], adopted } = slipway.reconciled
      for (const [path, { what, text }] of planted) {
        const { why } = readRecordText(SANDBOX, basename(path, '.json'), text)
        if (why === undefined) continue
        t.true(
          damaged.some((line) => line.startsWith(`${path} `) && line.includes(why)),
          what,
        )
        t.is(readFileSync(path, 'utf8'), text, what)
      }
      t.deepEqual([lost, adopted.sort()], [[], names])
      t.deepEqual(await lasting(() => difference(before, state(world))), [])
    },
  )
}

test.serial('records of networks that are planted beside those of others', async (t) => {
  const { world, names, networks } = await setUp(t)
  const before = state(world)
  const base = read(join(networks, 'web.json'))
  const planted = new Map<string, { what: string; text: string }>()
  for (const { what, record } of damages(
    NETWORK.shape,
    networkRecord,
    { ...base, maker: DEAD },
    read(join(networks, 'other.json')),
  )) {
    const name = `x${planted.size}`
    const id = digest(name)
    const own = new Map<unknown, string>([
      [base['name'], name],
      [base['id'], id],
      [`br-${String(base['id']).slice(0, 12)}`, `br-${id.slice(0, 12)}`],
    ])
    const path = join(networks, `${name}.json`)
    const text = JSON.stringify(record, (_, value: unknown) => own.get(value) ?? value)
    writeFileSync(path, text)
    planted.set(path, { what, text })
  }
  const slipway = await world.open()
  const { damaged = [], adopted } = slipway.reconciled
  for (const [path, { what, text }] of planted) {
    const { why } = readRecordText(NETWORK, basename(path, '.json'), text)
    if (why === undefined) continue
    t.true(
      damaged.some((line) => line.startsWith(`${path} `) && line.includes(why)),
      what,
    )
    t.is(readFileSync(path, 'utf8'), text, what)
  }
  t.deepEqual(adopted.sort(), names)
  t.deepEqual(await lasting(() => difference(before, state(world))), [])
})

test.serial("sandboxes whose records are damaged keep what they have, and the others' calls go on", async (t) => {
  const { world, app, leaf, sandboxes } = await setUp(t)
  const before = inspectHost(world)
  const paths = [app, leaf].map(({ name }) => join(sandboxes, `${name}.json`))
  const texts = paths.map((path) => readFileSync(path, 'utf8'))
  const [base = {}, other = {}] = paths.map(read)
  const tried = new Set<string>()
  for (const { what, record } of damages(SANDBOX.shape, sandboxRecord, base, other)) {
    const [field = ''] = what.split(': ')
    const { why } = readRecordText(SANDBOX, app.name, JSON.stringify(record))
    // One value that is refused for each field: what is damaged is set aside whole, whatever it has instead.
    if (why === undefined || tried.has(field)) continue
    tried.add(field)
    writeFileSync(paths[0] ?? '', JSON.stringify(record))
    const slipway = await world.open()
    t.is(slipway.reconciled.damaged?.length, 1, what)
    t.deepEqual(slipway.reconciled.collected, [], what)
    await slipway.close()
    t.deepEqual(inspectHost(world), before, what)
  }
  t.true(tried.size > 50)
  for (const [index, path] of paths.entries()) writeFileSync(path, texts[index] ?? '')
})
