import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Sandbox } from 'slipway'
import { inOtherProcess } from '../helpers/other-process.js'
import { eventually, ipJson, World } from '../helpers/world.js'

/** Network `container:…`: a namespace that two sandboxes have, and what of it stays when its owner goes. */

const links = (sandbox: Sandbox) => ipJson<{ ifname: string }>(sandbox, 'link').map(({ ifname }) => ifname)
const namespace = ({ path }: Sandbox) => statSync(path).ino

async function pair(world: World) {
  const slipway = await world.open()
  const owner = await world.create(slipway, 'owner', {
    hostname: 'web',
    addHost: ['db:192.0.2.9'],
    publish: ['8080:80'],
  })
  const side = await world.create(slipway, 'side', { network: `container:${owner.name}` })
  return { slipway, owner, side }
}

test('who shares says whose network it is; the removal of the owner leaves loopback, and inspect says so', async (t) => {
  const world = new World(t)
  const { owner, side } = await pair(world)
  t.is(namespace(side), namespace(owner))
  t.deepEqual(side.sharing, { id: owner.id, name: owner.name, alive: true })
  t.deepEqual(side.inspect().SharedNetwork, { ID: owner.id, Name: owner.name, Alive: true })
  t.is(owner.sharing, undefined)
  t.false('SharedNetwork' in owner.inspect())
  t.deepEqual(links(side), ['lo', 'eth0'])

  await owner.remove()
  await eventually(() => links(side).length === 1)
  t.deepEqual(links(side), ['lo'])
  t.deepEqual(side.sharing, { id: owner.id, name: owner.name, alive: false })
  t.deepEqual(side.inspect().SharedNetwork, { ID: owner.id, Name: owner.name, Alive: false })
  t.deepEqual(side.endpoints, [])
  t.deepEqual(side.ports, [])
})

test('another process that takes the owner away is seen, and a new sandbox of its name is another', async (t) => {
  const world = new World(t)
  const { slipway, owner, side } = await pair(world)
  await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['remove', owner.name])
  t.false(side.sharing?.alive)
  const next = await world.create(slipway, 'owner')
  t.is(next.name, owner.name)
  t.deepEqual(side.sharing, { id: owner.id, name: owner.name, alive: false })
  t.false((await slipway.sandboxes.get(side.name)).sharing?.alive)
})

test("who shares has the owner's files; they lose its address when it goes, and go with the last", async (t) => {
  const world = new World(t)
  const { slipway, owner, side } = await pair(world)
  const other = await world.create(slipway, 'other', { network: `container:${owner.id}` })
  const files = await side.files()
  t.deepEqual(await owner.files(), files)
  const hosts = () => readFileSync(files.hosts, 'utf8')
  t.is(readFileSync(files.hostname, 'utf8'), 'web\n')
  t.true(hosts().includes('192.0.2.9\tdb\n172.17.0.2\tweb\n'))
  const inode = statSync(files.hosts).ino

  await owner.remove()
  await eventually(() => hosts().endsWith('192.0.2.9\tdb\n'))
  t.true(hosts().endsWith('192.0.2.9\tdb\n'))
  t.is(statSync(files.hosts).ino, inode)
  t.deepEqual(await side.files(), files)
  t.is(readFileSync(files.hostname, 'utf8'), 'web\n')

  await side.remove()
  t.true(hosts().endsWith('192.0.2.9\tdb\n'))
  await other.remove()
  await eventually(() => !existsSync(join(files.hosts, '..')))
  t.throws(() => statSync(join(files.hosts, '..')), { code: 'ENOENT' })
})
