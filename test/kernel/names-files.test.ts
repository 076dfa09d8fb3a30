import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Sandbox } from 'slipway'
import { end, start } from '../helpers/command.js'
import { addressOf } from '../helpers/names.js'
import { Peer } from '../helpers/peer.js'
import { eventually, execIn, setSysctl, World } from '../helpers/world.js'

/** The files of sandboxes, through `sandbox.files()`. */

const LOOPBACK =
  '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n'
const WEB = { name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] }
const BACK = { name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] }

async function read(sandbox: Sandbox) {
  const { hostname, hosts, resolvConf } = await sandbox.files()
  const text = (path: string) => readFileSync(path, 'utf8')
  return { hostname: text(hostname), hosts: text(hosts), resolvConf: text(resolvConf) }
}

const nameservers = (text: string) => [...text.matchAll(/^nameserver (.+)$/gm)].map(([, address]) => address)

test('on the default bridge: own name and address, and the nameservers that open() names', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ dns: ['192.0.2.53'], dnsSearch: ['example.org'], dnsOptions: ['rotate'] })
  const app = await world.create(slipway, 'app', {
    hostname: 'app',
    domainname: 'example.org',
    addHost: ['gate:host-gateway', 'db:172.20.0.9'],
  })
  const { hostname, hosts, resolvConf } = await read(app)
  t.is(hostname, 'app\n')
  t.is(hosts, `${LOOPBACK}172.17.0.1\tgate\n172.20.0.9\tdb\n${addressOf(app, 'bridge')}\tapp.example.org app\n`)
  t.regex(resolvConf, /\nnameserver 192\.0\.2\.53\nsearch example\.org\noptions rotate\n$/)
  const own = await read(await world.create(slipway, 'own', { dns: ['192.0.2.54'], dnsSearch: ['.'] }))
  t.regex(own.resolvConf, /\nnameserver 192\.0\.2\.54\noptions rotate\n$/)
})

test('without a hostname it is the short id; on a user-defined network the resolver is its bridge', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ dns: ['192.0.2.53'] })
  await slipway.networks.create(WEB)
  const app = await world.create(slipway, 'app', { network: 'web', addHost: ['gate:host-gateway'] })
  const { hostname, hosts, resolvConf } = await read(app)
  t.is(hostname, `${app.id.slice(0, 12)}\n`)
  // The default bridge's address, which the host then has.
  t.regex(execIn(world.host, 'ip', '-brief', 'address'), /^docker0 .*172\.17\.0\.1\/16/m)
  t.is(hosts, `${LOOPBACK}172.17.0.1\tgate\n${addressOf(app, 'web')}\t${app.id.slice(0, 12)}\n`)
  t.deepEqual(nameservers(resolvConf), ['172.20.0.1'])
  t.regex(resolvConf, /^options .*ndots:0/m)
})

test('none: no address; host: the host’s files, and its own hosts with addHost', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const none = await read(await world.create(slipway, 'none', { network: 'none', hostname: 'alone' }))
  t.deepEqual([none.hostname, none.hosts], ['alone\n', LOOPBACK])
  const host = await read(await world.create(slipway, 'host', { network: 'host' }))
  for (const [name, text] of [
    ['hostname', host.hostname],
    ['hosts', host.hosts],
    ['resolv.conf', host.resolvConf],
  ] as const) {
    t.is(text.trim(), readFileSync(`/etc/${name}`, 'utf8').trim(), name)
  }
  const added = await read(
    await world.create(slipway, 'added', { network: 'host', hostname: 'h', addHost: ['db:172.20.0.9'] }),
  )
  t.is(added.hosts, `${LOOPBACK}172.20.0.9\tdb\n`)
})

test('container: the owner’s files, which go with the last who has them', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app')
  const side = await world.create(slipway, 'side', { network: `container:${app.name}` })
  const paths = await side.files()
  t.deepEqual(paths, await app.files())
  await app.remove()
  await t.throwsAsync(app.files(), { code: 'NOT_FOUND', message: /removed/ })
  t.deepEqual(await side.files(), paths)
  await side.remove()
  await t.throwsAsync(side.files(), { code: 'NOT_FOUND', message: /removed/ })
  t.deepEqual(
    Object.values(paths).map((path) => existsSync(path)),
    [false, false, false],
  )
  t.deepEqual(readdirSync(join(paths.hosts, '../..')), [])
})

test('files are readable for everybody, stay the files that they are, and follow the networks', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ dns: ['192.0.2.53'] })
  for (const options of [WEB, BACK]) await slipway.networks.create(options)
  const app = await world.create(slipway, 'app', { hostname: 'app' })
  const { hostname, hosts, resolvConf } = await app.files()
  const all = [hostname, hosts, resolvConf]
  const inodes = all.map((path) => statSync(path).ino)
  t.deepEqual(
    all.map((path) => statSync(path).mode & 0o777),
    [0o644, 0o644, 0o644],
  )
  chmodSync(hosts, 0o600)
  const look = () => [
    readFileSync(hosts, 'utf8').slice(LOOPBACK.length),
    ...nameservers(readFileSync(resolvConf, 'utf8')),
  ]

  const first = `${addressOf(app, 'bridge')}\tapp\n`
  t.deepEqual(look(), [first, '192.0.2.53'])
  await app.connect('web')
  t.deepEqual(look(), [`${first}${addressOf(app, 'web')}\tapp\n`, '172.20.0.1'])
  await app.connect('back')
  await app.disconnect('web')
  t.deepEqual(look(), [`${first}${addressOf(app, 'back')}\tapp\n`, '172.21.0.1'])
  await app.disconnect('back')
  t.deepEqual(look(), [first, '192.0.2.53'])
  t.deepEqual(
    all.map((path) => statSync(path).ino),
    inodes,
  )
  t.is(statSync(hosts).mode & 0o777, 0o644)
  await app.remove()
  t.true(await eventually(() => !existsSync(join(hosts, '..'))))
})

test('another process that connects and disconnects renews them, with the options that the sandbox was made with', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ dns: ['192.0.2.53'] })
  for (const options of [WEB, BACK]) await slipway.networks.create(options)
  const app = await world.create(slipway, 'app', { hostname: 'app' })
  const { hosts, resolvConf } = await app.files()
  const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir, dns: ['192.0.2.54'] })
  await peer.call('connect', app.name, 'web')
  t.deepEqual(nameservers(readFileSync(resolvConf, 'utf8')), ['172.20.0.1'])
  await app.refresh()
  t.true(readFileSync(hosts, 'utf8').endsWith(`${addressOf(app, 'web')}\tapp\n`))
  t.deepEqual(await peer.call('files', app.name), await app.files())
  await peer.call('disconnect', app.name, 'web')
  t.deepEqual(nameservers(readFileSync(resolvConf, 'utf8')), ['192.0.2.53'])

  // Both at once, again and again: what is there in the end is what both have done.
  for (let round = 0; round < 5; round++) {
    await Promise.all([app.connect('web'), peer.call('connect', app.name, 'back')])
    await app.refresh()
    t.is(
      readFileSync(hosts, 'utf8'),
      LOOPBACK + app.endpoints.map(({ network }) => `${addressOf(app, network)}\tapp\n`).join(''),
      `round ${round}`,
    )
    await Promise.all([app.disconnect('back'), peer.call('disconnect', app.name, 'web')])
    t.is(readFileSync(hosts, 'utf8'), `${LOOPBACK}${addressOf(app, 'bridge')}\tapp\n`, `round ${round}`)
  }
  await peer.call('remove', app.name)
  t.true(await eventually(() => !existsSync(hosts)))
  await t.throwsAsync(app.files(), { code: 'NOT_FOUND' })
  t.false(existsSync(hosts))
})

test('where IPv6 is switched off inside, hosts has none', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { hostname: 'app', addHost: ['six:fd00::6'] })
  const shares = await world.create(slipway, 'shares', { network: 'host', addHost: ['six:fd00::6'] })
  t.true((await read(app)).hosts.startsWith(`${LOOPBACK}fd00::6\tsix\n`))
  setSysctl(app, 'net.ipv6.conf.lo.disable_ipv6', '1')
  t.is((await read(app)).hosts, `127.0.0.1\tlocalhost\n${addressOf(app, 'bridge')}\tapp\n`)
  setSysctl(world.host, 'net.ipv6.conf.lo.disable_ipv6', '1')
  t.is((await read(shares)).hosts, '127.0.0.1\tlocalhost\n')
})

test('what a sandbox has made of its files keeps it on no network', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  const app = await world.create(slipway, 'app')
  const { hosts } = await app.files()
  rmSync(hosts)
  mkdirSync(hosts)
  await app.connect('web')
  await app.disconnect('bridge')
  t.deepEqual(
    app.endpoints.map(({ network }) => network),
    ['web'],
  )
  await t.throwsAsync(app.files(), { code: 'CONFLICT', message: /is a folder/ })
  rmdirSync(hosts)
  t.true((await read(app)).hosts.endsWith(`${addressOf(app, 'web')}\t${app.id.slice(0, 12)}\n`))
})

test('what a process left that died while it removed a sandbox goes with the next open()', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app')
  const folder = join((await app.files()).hosts, '..')
  const left = join(folder, '..', '0123456789abcdef'.repeat(4))
  mkdirSync(left)
  writeFileSync(join(left, 'hosts'), '')
  t.is((await end(start(world, ['ls']))).status, 0)
  t.deepEqual([existsSync(left), existsSync(folder)], [false, true])
})

test('the host’s files are those of its namespace where there are any', async (t) => {
  const world = new World(t)
  const etc = join(world.stateDir, 'etc')
  const peer = await Peer.behindEtc(t, { netns: world.host.path, stateDir: world.stateDir }, etc, {
    hosts: '127.0.0.1 everybody\n',
    'resolv.conf': 'nameserver 192.0.2.54\n',
    [`netns/${world.host.name}/resolv.conf`]: 'nameserver 192.0.2.53\n',
  })
  await peer.call('create', { name: world.name('shares'), network: 'host' })
  const { hosts, resolvConf } = await peer.call('files', world.name('shares'))
  t.is(readFileSync(hosts, 'utf8'), '127.0.0.1 everybody\n')
  t.is(readFileSync(resolvConf, 'utf8'), 'nameserver 192.0.2.53\n')
})
