import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { SandboxFiles } from 'slipway'
import { done, doneJson, links, slipway } from '../helpers/command.js'
import { World } from '../helpers/world.js'

/** Names on the command line: files, what commands in sandboxes see of them, and the session of the README. */

const read = (path: string) => readFileSync(path, 'utf8')
const nameservers = (text: string) => text.split('\n').filter((line) => line.startsWith('nameserver '))

test('files: written when asked for, with all that was said of names', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(
    world,
    'create',
    '--name',
    app,
    '--hostname',
    'web',
    '--domainname',
    'example.org',
    '--add-host',
    'db:172.20.0.9',
    '--add-host',
    'gw:host-gateway',
    '--dns',
    '192.0.2.53',
    '--dns',
    '192.0.2.54',
    '--dns-search',
    'corp.example',
    '--dns-opt',
    'ndots:2',
    '--dns-option',
    'rotate',
  )
  t.like(JSON.parse(await done(world, 'inspect', app)), [
    {
      HostsPath: '',
      Config: { Hostname: 'web', Domainname: 'example.org' },
      HostConfig: { NetworkMode: 'bridge', Dns: { 1: '192.0.2.54' }, ExtraHosts: { 0: 'db:172.20.0.9' } },
    },
  ])
  const files = await doneJson<SandboxFiles>(world, 'files', app)
  t.is(read(files.hostname), 'web\n')
  t.regex(read(files.hosts), /^172\.20\.0\.9\tdb\n172\.17\.0\.1\tgw\n172\.17\.0\.2\tweb\.example\.org web$/m)
  t.regex(
    read(files.resolvConf),
    /^nameserver 192\.0\.2\.53\nnameserver 192\.0\.2\.54\nsearch corp\.example\noptions ndots:2 rotate$/m,
  )
  const [head, ...rows] = (await done(world, 'files', app))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/))
  t.deepEqual(head, ['FILE', 'PATH'])
  t.deepEqual(rows, [
    ['hostname', files.hostname],
    ['hosts', files.hosts],
    ['resolv.conf', files.resolvConf],
  ])
  t.like(JSON.parse(await done(world, 'inspect', app)), [
    { HostnamePath: files.hostname, HostsPath: files.hosts, ResolvConfPath: files.resolvConf },
  ])
  await done(world, 'rm', app)
  t.is(statSync(files.hosts, { throwIfNoEntry: false }), undefined)
})

test('--dns before the command is every sandbox’s, behind it this one’s', async (t) => {
  const world = new World(t)
  const seen = async (before: string[], behind: string[]) =>
    nameservers(await done(world, ...before, 'run', ...behind, '--', 'cat', '/etc/resolv.conf'))
  t.deepEqual(await seen(['--dns', '192.0.2.53', '--dns', '192.0.2.54'], []), [
    'nameserver 192.0.2.53',
    'nameserver 192.0.2.54',
  ])
  t.deepEqual(await seen(['--dns', '192.0.2.53'], ['--dns', '192.0.2.99']), ['nameserver 192.0.2.99'])
  t.regex(
    await done(world, '--dns-search', 'a.example', '--dns-opt', 'ndots:3', 'run', '--', 'cat', '/etc/resolv.conf'),
    /^search a\.example\noptions ndots:3$/m,
  )
  t.regex(
    await done(
      world,
      '--dns-search',
      'a.example',
      '--dns-opt',
      'ndots:3',
      'run',
      '--dns-search',
      '.',
      '--',
      'cat',
      '/etc/resolv.conf',
    ),
    /^nameserver [^\n]*\n(nameserver [^\n]*\n)*options ndots:3$/m,
  )
})

test('run and exec: the command sees the sandbox’s files, and the host keeps its own', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  const own = read('/etc/hosts')
  const show = ['sh', '-c', 'cat /etc/hostname; getent hosts db; mount -t tmpfs none /mnt && exit 3']
  t.like(await slipway(world, 'run', '--hostname', 'box', '--add-host', 'db:10.0.0.9', '--', ...show), {
    status: 3,
    stdout: 'box\n10.0.0.9        db\n',
  })
  await done(world, 'create', '--name', app, '--hostname', 'box2', '--add-host', 'db:10.0.0.8')
  t.like(await slipway(world, 'exec', app, '--', ...show), { status: 3, stdout: 'box2\n10.0.0.8        db\n' })
  t.is(read('/etc/hosts'), own)
  t.false(read('/proc/self/mounts').includes(' /mnt tmpfs'))
  // In the host's network there is nothing to tell apart, unless something was said.
  t.is(await done(world, 'run', '--network', 'host', '--', 'cat', '/etc/hosts'), own)
  t.regex(
    await done(world, 'run', '--network', 'host', '--add-host', 'db:10.0.0.7', '--', 'getent', 'hosts', 'db'),
    /^10\.0\.0\.7 +db\n$/,
  )
  // The files of one that was joined stay for who has joined it, without its addresses.
  const side = world.name('side')
  await done(world, 'create', '--name', side, '--network', `container:${app}`)
  t.regex(await done(world, 'exec', side, '--', 'getent', 'hosts', 'db'), /^10\.0\.0\.8 +db\n$/)
  await done(world, 'rm', app)
  const left = await done(world, 'exec', side, '--', 'cat', '/etc/hosts')
  t.regex(left, /^10\.0\.0\.8\tdb$/m)
  t.notRegex(left, /^172\./m)
  t.is(left, read((await doneJson<SandboxFiles>(world, 'files', side)).hosts))
  await done(world, 'rm', side)
})

test('run and exec on a network: its names are answered while the command runs', async (t) => {
  const world = new World(t)
  const [db, client] = [world.name('db'), world.name('client')]
  await done(world, 'network', 'create', '--subnet', '10.7.0.0/24', '--subnet', 'fd00:7::/64', 'web')
  await done(
    world,
    'create',
    '--network',
    'web',
    '--name',
    db,
    '--ip',
    '10.7.0.9',
    '--ip6',
    'fd00:7::9',
    '--network-alias',
    'database',
  )
  const inWeb = (...command: string[]) => done(world, 'run', '--network', 'web', '--name', client, '--', ...command)
  t.regex(await inWeb('getent', 'ahostsv4', db), /^10\.7\.0\.9 /)
  t.regex(await inWeb('getent', 'ahostsv6', 'database'), /^fd00:7::9 /)
  t.regex(await inWeb('busybox', 'ping', '-c', '1', '-W', '2', 'database'), /1 packets received/)
  t.is((await slipway(world, 'run', '--', 'getent', 'hosts', db)).status, 2)
  await done(world, 'create', '--network', 'web', '--name', client)
  t.regex(await done(world, 'exec', client, 'getent', 'ahostsv6', db), /^fd00:7::9 /)
  t.regex(await done(world, 'exec', client, 'busybox', 'ping', '-c', '1', '-W', '2', 'database'), /1 packets received/)
  await done(world, 'rm', client, db)
  await done(world, 'network', 'rm', 'web')
})

/** Lines of the README that are typed one after the other, with what they print behind them. */
function session(): { args: string[]; prints: string | undefined }[] {
  const readme = read(join(fileURLToPath(new URL('../../', import.meta.url)), 'README.md'))
  const block = /^```\n(slipway network create .*?)^```/ms.exec(readme)?.[1] ?? ''
  return block
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [typed = '', remark] = line.split(/ {2,}/)
      return { args: typed.split(' ').slice(1), prints: remark?.includes('->') ? `${remark}\n` : undefined }
    })
}

test('the session of the README', async (t) => {
  const world = new World(t)
  const names = ['db', 'app', 'client']
  const steps = session()
  t.true(steps.length > 8)
  for (const { args, prints } of steps) {
    const typed = args.map((word) => (names.includes(word) ? world.name(word) : word))
    const printed = await done(world, ...typed)
    if (prints !== undefined) t.is(printed, prints, args.join(' '))
    if (args[0] === 'run') t.regex(printed, /1 (packets )?received/)
  }
  t.deepEqual(world.namespaces(), [world.host.name, world.neighbour.name])
  t.deepEqual(links(world), ['lo', 'uplink'])
})

test('--config: docker’s daemon.json, and flags win over it', async (t) => {
  const world = new World(t)
  const file = join(world.stateDir, 'daemon.json')
  const config = (value: unknown) => writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  config({
    bip: '10.9.0.1/24',
    mtu: 1400,
    dns: ['192.0.2.53'],
    'dns-search': ['a.example'],
    'dns-opts': ['ndots:4'],
    'log-driver': 'journald',
    icc: false,
    'storage-driver': 'overlay2',
  })
  const { status, stdout, stderr } = await slipway(
    world,
    '--config',
    file,
    '--mtu',
    '1300',
    'run',
    '--',
    'cat',
    '/etc/resolv.conf',
  )
  t.is(status, 0)
  t.is(stderr, `slipway: note: ${file}: nothing is done about log-driver, storage-driver\n`)
  t.regex(stdout, /^nameserver 192\.0\.2\.53\nsearch a\.example\noptions ndots:4$/m)
  t.regex(await done(world, 'run', '--', 'ip', '-o', 'address', 'show', 'eth0'), / 10\.9\.0\.\d+\/24 /)
  t.regex(await done(world, 'run', '--', 'busybox', 'ifconfig', 'eth0'), / MTU:1300 /)

  const wrong: [unknown, RegExp][] = [
    ['{ "bip": ', /daemon\.json is no JSON: .+\.\n$/],
    [[], /daemon\.json must hold one JSON object, as in \{ "bip": "172\.17\.0\.1\/16" \}, and holds \[\]\.\n$/],
    [{ mtu: '1400' }, /daemon\.json: "mtu" must be a number of bytes from 68 to 65535, and is "1400"\.\n$/],
    [
      { 'fixed-cidr': 'x' },
      /daemon\.json: "fixed-cidr" must be an IPv4 address with prefix, as in '172\.17\.0\.1\/16', and is "x"\.\n$/,
    ],
    [{ icc: 'no' }, /daemon\.json: "icc" must be true or false, and is "no"\.\n$/],
    [{ dns: '192.0.2.53' }, /daemon\.json: "dns" must be a list of addresses/],
    [{ 'default-address-pools': [{ base: '10.0.0.0/8' }] }, /daemon\.json: "default-address-pools" must be a list/],
  ]
  for (const [value, message] of wrong) {
    config(value)
    const refused = await slipway(world, '--config', file, 'ls')
    t.is(refused.status, 2, JSON.stringify(value))
    t.regex(refused.stderr, message)
  }
  t.like(await slipway(world, '--config', '/no/such.json', 'ls'), { status: 2, stdout: '' })
  t.is((await slipway(world, '--config', world.stateDir, 'ls')).status, 2)
})
