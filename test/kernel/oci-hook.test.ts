import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { COMMAND, end, links, start } from '../helpers/command.js'
import { Containers, pageOf } from '../helpers/containers.js'
import { isAsBefore, settled, without } from '../helpers/snapshot.js'
import { fetchFrom } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

/** Containers whose own hooks connect them: nobody has made a sandbox before. */

const hooksOf = ({ host, stateDir }: World) => {
  const hook = (name: string) => [
    {
      path: process.execPath,
      args: ['slipway', COMMAND, `--netns=${host.path}`, `--state-dir=${stateDir}`, 'oci-hook', name],
    },
  ]
  return { createRuntime: hook('createRuntime'), poststop: hook('poststop') }
}

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] })
  await slipway.networks.create({ name: 'db', subnets: [{ subnet: '172.21.0.0/16' }] })
  return { world, slipway, containers: new Containers(t), hooks: hooksOf(world) }
}

test('a container gets networks, address and ports by its annotations, and they go with it', async (t) => {
  const { world, slipway, containers, hooks } = await setUp(t)
  await (await world.create(slipway, 'first', { network: 'web' })).remove()
  await slipway.close({ wait: true })
  const other = await world.open()
  // Other tests of this process open and close theirs meanwhile.
  const before = without(await settled(world), 'descriptors')
  const annotations = {
    'org.example.other': 'what others mean by theirs is theirs',
    'slipway.network': 'web, db',
    'slipway.ip': '172.20.0.9',
    'slipway.publish': '8080:80, 8443:80',
    'slipway.label': 'team=blue',
  }
  const shop = world.name('shop')
  await containers.runByHooks(shop, annotations, hooks)
  t.deepEqual(await containers.addresses(shop), ['lo 127.0.0.1/8', 'eth0 172.20.0.9/16', 'eth1 172.21.0.2/16'])
  for (const port of [8080, 8443])
    t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:${port}`)), NEIGHBOUR_ADDRESS)
  const [sandbox] = await other.sandboxes.list({ label: 'team=blue' })
  t.is(sandbox?.name, shop)
  await containers.remove(shop)
  t.deepEqual(await other.sandboxes.list(), [])
  await isAsBefore(t, world, before)
})

test('without its annotation, a container is none of Slipway’s', async (t) => {
  const { slipway, containers, hooks } = await setUp(t)
  await containers.runByHooks('alone', { 'org.example.other': 'web' }, hooks)
  t.deepEqual(await containers.addresses('alone'), ['lo 127.0.0.1/8'])
  t.deepEqual(await slipway.sandboxes.list(), [])
  await containers.remove('alone')
})

test('a container whose annotations are wrong does not start, and leaves nothing', async (t) => {
  const { world, slipway, containers, hooks } = await setUp(t)
  for (const [annotations, sentence] of [
    [{ 'slipway.network': 'wbe' }, /There is no network "wbe"/],
    [{ 'slipway.network': 'web,nowhere' }, /There is no network "nowhere"/],
    [
      { 'slipway.network': 'web', 'slipway.publsh': '80' },
      /There is no annotation "slipway.publsh"; did you mean slipway.publish/,
    ],
    [{ 'slipway.network': 'web', 'slipway.publish': 'eighty' }, /eighty/],
    [{ 'slipway.network': 'host' }, /has a network namespace already/],
    [{ 'slipway.network': ' , ' }, /must name networks/],
    [{ 'slipway.ip': '172.20.0.9' }, /says nothing without slipway.network/],
    [{ 'slipway.network': 'web', 'slipway.gw-priority': 'high' }, /must be a whole number/],
    [{ 'slipway.network': 'web', 'slipway.forwarding': 'yes' }, /must be "true" or "false"/],
  ] as const) {
    t.regex(await complaint(t, containers, world.name('wrong'), annotations, hooks), sentence)
    t.deepEqual(await slipway.sandboxes.list(), [], JSON.stringify(annotations))
  }
})

test('a poststop hook removes what its container was given, and nothing else of that name', async (t) => {
  const { world, slipway, containers, hooks } = await setUp(t)
  const shop = world.name('shop')
  await slipway.sandboxes.create({ name: shop, network: 'web' })
  t.regex(await complaint(t, containers, shop, { 'slipway.network': 'web' }, hooks), new RegExp(shop))
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ name }) => name),
    [shop],
  )
  // Once more, by hand: there is nothing of this container's.
  const { status, stderr } = await call(world, 'poststop', { id: shop, bundle: '/run/other', status: 'stopped' })
  t.deepEqual([status, stderr], [0, ''])
  t.is((await slipway.sandboxes.list()).length, 1)
})

test('a container that is gone without its poststop hook leaves nothing after the next open()', async (t) => {
  const { world, slipway } = await setUp(t)
  await slipway.close()
  const container = spawn('unshare', ['--net', 'sleep', '30'], { stdio: 'ignore' })
  t.teardown(() => container.kill('SIGKILL'))
  const { pid = 0 } = container
  const [own, path] = ['/proc/self/ns/net', `/proc/${pid}/ns/net`].map((file) => () => statSync(file).ino)
  t.true(await eventually(() => path?.() !== own?.()))
  const annotations = { 'slipway.network': 'web', 'slipway.publish': '8080:80' }
  const state = {
    ociVersion: '1.0.2',
    id: world.name('shop'),
    bundle: '/run/shop',
    status: 'creating',
    pid,
    annotations,
  }
  t.like(await call(world, 'createRuntime', state), { status: 0, stdout: '', stderr: '' })
  const first = await world.open()
  t.is((await first.sandboxes.list()).length, 1)
  await first.close()
  container.kill('SIGKILL')
  await once(container, 'exit')
  // The kernel takes a namespace away a moment after its last process: until then, it looks as one that lives.
  t.true(await eventually(() => links(world).every((name) => !name.startsWith('veth'))))
  const next = await world.open()
  t.deepEqual(await next.sandboxes.list(), [])
  await world.create(next, 'other', { publish: ['8080:80'] })
})

test('what is no state of a container is refused in words, before anything is written', async (t) => {
  const { world, slipway } = await setUp(t)
  const annotations = { 'slipway.network': 'web' }
  const state = { ociVersion: '1.0.2', id: world.name('shop'), bundle: '/run/shop', status: 'creating', annotations }
  for (const [given, sentence] of [
    ['', /on stdin, and got nothing/],
    ['{', /on stdin/],
    ['[]', /is a JSON object/],
    [{ ...state, id: 7 }, /id must be a text/],
    [{ ...state, bundle: 'shop' }, /bundle must be an absolute path/],
    [{ ...state, annotations: { a: 1 } }, /annotations must be an object of texts/],
    [{ ...state, pid: -1 }, /pid must be the id of a process/],
    [state, /has no process \(pid\)/],
    [{ ...state, pid: 2 ** 22 + 1 }, /has no process 4194305 any more/],
  ] as const) {
    const { status, stderr } = await call(world, 'createRuntime', given)
    t.not(status, 0)
    t.regex(stderr, sentence)
  }
  const host = { name: 'own', path: '/proc/self/ns/net' }
  const { stderr } = await call({ host, stateDir: world.stateDir }, 'createRuntime', { ...state, pid: process.pid })
  t.regex(stderr, /has the network namespace of the host/)
  const { status } = await end(start(world, ['oci-hook', 'prestart']))
  t.is(status, 2)
  t.deepEqual(await slipway.sandboxes.list(), [])
})

/** What the hook of a container says that does not start. crun writes it where an annotation of its own says. */
async function complaint(
  t: ExecutionContext,
  containers: Containers,
  id: string,
  annotations: Record<string, string>,
  hooks: ReturnType<typeof hooksOf>,
): Promise<string> {
  const file = join(mkdtempSync('/run/complaint-'), 'stderr')
  await t.throwsAsync(containers.runByHooks(id, { ...annotations, 'run.oci.hooks.stderr': file }, hooks))
  return readFileSync(file, 'utf8')
}

function call(world: Pick<World, 'host' | 'stateDir'>, hook: string, state: unknown) {
  const child = start(world, ['oci-hook', hook], [], 'pipe')
  child.stdin?.end(typeof state === 'string' ? state : JSON.stringify(state))
  return end(child)
}
