import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { end, start, type Ended } from '../helpers/command.js'
import { kernelState, readFiles } from '../helpers/snapshot.js'
import { networkRecord } from '../helpers/whole-records.js'
import { eventually, execIn, ip, ipJson, setSysctl, World } from '../helpers/world.js'

/** `slipway doctor`: it sees what is so, says what to do, and changes nothing. */

const CHECKS = [
  'kernel',
  'capabilities',
  'bridge',
  'veth',
  'macvlan',
  'ipvlan',
  'vlan',
  'dummy',
  'nf_tables',
  'conntrack',
  'docker0',
  'ip_forward',
  'ipv6',
  'br_netfilter',
  'firewalls',
  'fb_tunnels',
  'devconf',
  'dynamic ports',
  'descriptors',
  'networks',
  'sandboxes',
  'names',
  'leftovers',
  'netns folder',
  'state folder',
]

interface Finding {
  check: string
  status: string
  finding: string
  advice?: string
}

interface Examined {
  status: number | null
  /** By check; of several by one check, the last. */
  found: Record<string, Finding>
}

/** @param before - Program that runs it, with its arguments: `['prlimit', '--nofile=300']`. */
async function doctor(
  world: World,
  options: readonly string[] = [],
  before: readonly string[] = [],
): Promise<Examined> {
  const { status, stdout, stderr } = await end(start(world, [...options, 'doctor', '--json'], before))
  if (stderr !== '') throw new Error(stderr)
  return {
    status,
    found: Object.fromEntries((JSON.parse(stdout) as Finding[]).map((finding) => [finding.check, finding])),
  }
}

const slipway = (world: World, ...args: string[]): Promise<Ended> => end(start(world, args))

/** All of a host that a command could have changed. */
const state = (world: World) => ({
  ...kernelState(world.host),
  namespaces: world.namespaces(),
  files: readFiles(world.stateDir),
})

test('a host in order', async (t) => {
  const world = new World(t)
  const before = state(world)
  const { status, stdout, stderr } = await slipway(world, 'doctor')
  t.like({ status, stderr }, { status: 0, stderr: '' })
  for (const line of stdout.split('\n\n')[0]?.split('\n') ?? []) t.regex(line, /^(ok|note) +\S/)
  t.deepEqual(Object.keys((await doctor(world)).found), CHECKS)
  t.deepEqual(state(world), before)
})

test('what is wrong, and what to do', async (t) => {
  const world = new World(t)
  await world.create(await world.open(), 'app')
  setSysctl(world.host, 'net.ipv4.ip_forward', '0')
  setSysctl(world.host, 'net.bridge.bridge-nf-call-iptables', '0')
  setSysctl(world.host, 'net.ipv4.conf.all.arp_ignore', '1')
  execIn(world.host, 'nft', 'add', 'table', 'ip', 'filter')
  const before = state(world)
  const { status, found } = await doctor(world, ['--no-icc'])
  t.is(status, 1)
  t.like(found, {
    docker0: { status: 'problem' },
    ip_forward: { status: 'problem', advice: 'sysctl -w net.ipv4.ip_forward=1' },
    br_netfilter: { status: 'problem' },
    firewalls: { status: 'ok', finding: 'no other firewall' },
    devconf: { status: 'note' },
    networks: { status: 'ok', finding: 'bridge (docker0)' },
    leftovers: { status: 'ok', finding: 'none; whole: 1 sandbox' },
  })
  t.deepEqual(state(world), before)
})

test('links that segments are made of: a kernel without them is good for the rest, and says what it lacks', async (t) => {
  const world = new World(t)
  for (const parent of ['e1', 'e2', 'e3']) ip('-n', world.host.name, 'link', 'add', parent, 'type', 'bridge')
  const { status, found } = await doctor(world)
  t.is(status, 0)
  const open = await world.open()
  const networks = {
    macvlan: { driver: 'macvlan', options: { parent: 'e1' } },
    ipvlan: { driver: 'ipvlan', options: { parent: 'e2' } },
    vlan: { driver: 'macvlan', options: { parent: 'e3.5' } },
    dummy: { driver: 'macvlan' },
  }
  for (const [kind, request] of Object.entries(networks)) {
    const make = async () => {
      await open.networks.create({ name: kind, ...request })
      await world.create(open, kind, { network: kind })
    }
    const isThere = found[kind]?.status === 'ok'
    t.is(found[kind]?.status, isThere ? 'ok' : 'note')
    if (isThere) await t.notThrowsAsync(make)
    else
      await t.throwsAsync(make, { code: 'UNSUPPORTED', message: new RegExp(`no links of the kind ${kind}.* modprobe`) })
  }
})

test('br_netfilter: works with every setting, and what each means', async (t) => {
  const world = new World(t)
  const settings = [
    ['1', '1', /^on: .* meets the inet tables too/],
    ['1', '0', /^on for IPv4 only: .* meets the inet tables too/],
    ['0', '1', /^on for IPv6 only: .* meets the inet tables too/],
    ['0', '0', /^off: .* meets the table bridge slipway only/],
  ] as const
  for (const [iptables, ip6tables, finding] of settings) {
    setSysctl(world.host, 'net.bridge.bridge-nf-call-iptables', iptables)
    setSysctl(world.host, 'net.bridge.bridge-nf-call-ip6tables', ip6tables)
    const { status, found } = await doctor(world)
    t.is(status, 0)
    t.is(found['br_netfilter']?.status, 'ok')
    t.regex(found['br_netfilter']?.finding ?? '', finding)
  }
})

test('IPv6: there, turned off, or not forwarded any more', async (t) => {
  const world = new World(t)
  await world.create(await world.open(), 'app')
  t.like((await doctor(world)).found, { ipv6: { status: 'ok' } })

  ip('-n', world.host.name, 'address', 'add', 'fd00::1/64', 'dev', 'docker0', 'nodad')
  const { status, found } = await doctor(world)
  t.is(status, 1)
  t.like(found, { ipv6: { status: 'problem', advice: 'sysctl -w net.ipv6.conf.all.forwarding=1' } })
  setSysctl(world.host, 'net.ipv6.conf.all.forwarding', '1')
  // With that address, the network has IPv6, and is given the rest of it.
  await (await world.open()).close()
  t.like(await doctor(world), { status: 0, found: { ipv6: { status: 'ok', finding: 'there, and forwarded' } } })

  setSysctl(world.host, 'net.ipv6.conf.default.disable_ipv6', '1')
  t.like(await doctor(world), {
    status: 0,
    found: {
      ipv6: {
        status: 'ok',
        finding:
          'there, and forwarded; net.ipv6.conf.default.disable_ipv6 turn it off, and it is turned on where a network has it',
      },
    },
  })
})

test('dynamic ports: how many there are, and how many are left', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  setSysctl(world.host, 'net.ipv4.ip_local_port_range', '40000 40009')
  setSysctl(world.host, 'net.ipv4.ip_local_reserved_ports', '8080,40005-40006')
  const ports = async () => (await doctor(world)).found['dynamic ports']
  const range = '40000-40009 without 2 reserved ones: 8'
  t.like(await ports(), { status: 'ok', finding: `${range}, of which 0 are published` })

  // Of another range, of one's own choice, and of another protocol.
  await world.create(slipway, 'first', { publish: ['8080:80', '40000:80', '80/udp', '81'] })
  t.like(await ports(), { status: 'ok', finding: `${range}, of which 2 are published` })
  await world.create(slipway, 'second', { publish: ['1', '2', '3', '4', '5'] })
  t.like(await ports(), { status: 'note', finding: `${range}, of which 7 are published` })
  await world.create(slipway, 'third', { publish: ['1'] })
  const { status, found } = await doctor(world)
  t.is(status, 1)
  t.like(found['dynamic ports'], {
    status: 'problem',
    finding: `${range}, of which 8 are published: -p without a host port is refused`,
  })
  await t.throwsAsync(world.create(slipway, 'fourth', { publish: ['1'] }), { code: 'EXHAUSTED' })
})

test('descriptors: what the limit allows, and which of the published ports are kept from others', async (t) => {
  const world = new World(t)
  const open = await world.open()
  await world.create(open, 'app', { publish: ['9000-9097:9000-9097', '9000-9001:53-54/udp'] })
  const limited = async (limit: number) => {
    const { status, found } = await doctor(world, [], ['prlimit', `--nofile=${limit}`])
    return { status, ...found['descriptors'] }
  }
  t.like(await limited(2000), {
    status: 'ok',
    finding:
      '2,000 for a process, half of them at most for published ports: 100 published, 100 kept from other programs',
  })
  t.like(await limited(600), { status: 'note', advice: 'ulimit -n 1024, or LimitNOFILE= in a systemd unit' })
  await open.close()
  const free = await limited(2000)
  t.is(free.status, 'note')
  t.regex(
    free.finding ?? '',
    /100 published, 0 kept from other programs; other programs can listen on 100, where nothing reaches them$/,
  )
  t.is(free.advice, 'keep a process that has Slipway open')
  t.like(await limited(150), {
    advice: 'keep a process that has Slipway open, with more: ulimit -n 1024, or LimitNOFILE= in a systemd unit',
  })
})

test('networks: what is left of one', async (t) => {
  const world = new World(t)
  const { name } = world.host
  ip('-n', name, 'link', 'add', 'br-old', 'type', 'bridge')
  ip('-n', name, 'link', 'set', 'br-old', 'alias', `slipway network old, records in ${world.stateDir}`)
  const before = state(world)
  const bridge = await doctor(world)
  t.is(bridge.status, 1)
  t.like(bridge.found['networks'], {
    status: 'problem',
    finding: 'the bridge br-old is of the network old, which is gone',
    advice: 'ip link delete br-old',
  })
  t.deepEqual(state(world), before)
  ip('-n', name, 'link', 'delete', 'br-old')

  const record = join(world.stateDir, String(statSync(world.host.path).ino), 'networks', 'web.json')
  mkdirSync(dirname(record), { recursive: true })
  const { removing: _, ...staying } = networkRecord
  const spec = { ...networkRecord.spec, stateDir: world.stateDir }
  writeFileSync(record, JSON.stringify({ ...staying, spec }))
  const { networks } = (await doctor(world)).found
  t.like(networks, { status: 'problem', finding: 'the bridge of the network web was deleted' })
})

test('networks: the bridge of one was deleted, with and without sandboxes, and the advice helps', async (t) => {
  const world = new World(t)
  const open = await world.open()
  const network = await open.networks.create({ name: 'web' })
  const app = await world.create(open, 'app', { network: 'web' })
  for (const step of ['with', 'without'] as const) {
    if (step === 'without') await app.remove()
    ip('-n', world.host.name, 'link', 'delete', network.bridge!)
    const { status, found } = await doctor(world)
    t.is(status, 1)
    t.like(found['networks'], { status: 'problem', finding: 'the bridge of the network web was deleted' })
    const [, ...command] = found['networks']?.advice?.split(': ')[1]?.split(' ') ?? []
    t.like(await slipway(world, ...command), { status: 0 })
    t.like(await doctor(world), { status: 0, found: { networks: { status: 'ok' } } })
  }
})

test('networks: the parent of two was deleted, and the advice helps', async (t) => {
  const world = new World(t)
  const parent = () => ip('-n', world.host.name, 'link', 'add', 'e1', 'type', 'bridge')
  parent()
  const open = await world.open()
  const options = { parent: 'e1' }
  await open.networks.create({ name: 'lan', driver: 'macvlan', options: { ...options, host_shim: 'true' } })
  await open.networks.create({ name: 'side', driver: 'macvlan', options })
  await world.create(open, 'app', { network: 'lan' })
  await open.close()
  ip('-n', world.host.name, 'link', 'delete', 'e1')
  const { status, found } = await doctor(world)
  t.is(status, 1)
  t.like(found['networks'], {
    status: 'problem',
    finding: 'the link e1 was deleted; networks on it: lan, side',
    advice: 'make it again by this name; the next slipway command gives back what was on it: slipway ls',
  })
  parent()
  t.like(await slipway(world, 'ls'), { status: 0 })
  t.like(await doctor(world), { status: 0, found: { networks: { status: 'ok' } } })
})

test('networks: the bridge of every host that somebody has deleted, which the next sandbox makes again', async (t) => {
  const world = new World(t)
  const app = await world.create(await world.open(), 'app')
  await app.remove()
  ip('-n', world.host.name, 'link', 'delete', 'docker0')
  const { status, found } = await doctor(world)
  t.is(status, 0)
  t.deepEqual(found['networks'], {
    check: 'networks',
    status: 'note',
    finding: 'the bridge docker0 was deleted, and the rules still name it',
    advice: 'it is made again with the next sandbox',
  })
  t.like(await slipway(world, 'create', '--name', app.name), { status: 0 })
  t.like(await doctor(world), { status: 0, found: { networks: { status: 'ok' } } })
})

test('tells of leftovers and leaves them; the next command takes them away and says so', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  t.like(await slipway(world, 'create', '--name', app), { status: 0 })
  ip('netns', 'delete', app)
  t.true(await eventually(() => ipJson(world.host, 'link', 'show', 'master', 'docker0').length === 0))
  const before = state(world)
  const { status, found } = await doctor(world)
  t.is(status, 0)
  t.is(found['leftovers']?.status, 'note')
  t.deepEqual(state(world), before)
  const listed = await slipway(world, 'ls', '-q')
  t.like(listed, { status: 0, stdout: '' })
  t.regex(listed.stderr, new RegExp(`slipway: note: .*sandbox ${app}: half made or half removed, removed\n`))
  t.like((await doctor(world)).found, { leftovers: { status: 'ok', finding: 'none' } })
})

test('without capabilities, and with a state folder that is none', async (t) => {
  const world = new World(t)
  const poor = await end(start(world, ['doctor'], ['setpriv', '--bounding-set=-all', '--inh-caps=-all']))
  t.is(poor.status, 1)
  t.regex(poor.stdout, /^problem +capabilities +CAP_NET_ADMIN and CAP_SYS_ADMIN missing → /m)
  const file = join(world.stateDir, 'file')
  writeFileSync(file, '')
  const { status, found } = await doctor(world, ['--state-dir', file])
  t.is(status, 1)
  t.is(found['state folder']?.status, 'problem')
})

test('names: who serves them, and that they rest while nobody does', async (t) => {
  const world = new World(t)
  t.like((await doctor(world)).found['names'], { status: 'ok', finding: 'no network that has them' })
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] })
  t.like((await doctor(world)).found['names'], { status: 'ok', finding: 'served: web' })
  await slipway.close()
  const { status, finding } = (await doctor(world)).found['names'] ?? {}
  t.is(status, 'note')
  t.regex(finding ?? '', /^no process serves the names of web:/)
})

test('descriptors: whatever is short of them, it is said in words and once', async (t) => {
  const world = new World(t)
  for (const limit of [24, 30, 34, 36]) {
    const { status, stdout, stderr } = await end(start(world, ['doctor'], ['prlimit', `--nofile=${limit}`]))
    t.is(stderr, '', `${limit}`)
    const told = stdout.split('\n').filter((line) => line.includes('as many files open as it may (EMFILE'))
    t.is(told.length, status === 0 ? 0 : 1, `${limit}: ${stdout}`)
  }
})
