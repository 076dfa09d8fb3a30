import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import test from 'ava'
import type { PlanMessage } from '#lib/host.js'
import { end, start, type Ended } from '../helpers/command.js'
import { kernelState, readFiles } from '../helpers/snapshot.js'
import { fetchFrom } from '../helpers/traffic.js'
import { eventually, execIn, HOST_ADDRESS, ipJson, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

/** The command as it is typed: its own process, its exit status, what it prints. */

const slipway = (world: World, ...args: string[]): Promise<Ended> => end(start(world, args))

/** Runs it, and expects that it is done and has nothing to complain of. Returns what it printed. */
async function done(world: World, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await slipway(world, ...args)
  if (status !== 0 || stderr !== '') throw new Error(`slipway ${args.join(' ')}: status ${status}\n${stderr}`)
  return stdout
}

const links = (world: World) => ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname).sort()

/** What is there after the first sandbox has come and gone. */
const EMPTY = ['docker0', 'lo', 'uplink']

/** All of a host that a command could have changed. */
const state = (world: World) => ({ ...kernelState(world.host), namespaces: world.namespaces(), files: readFiles(world.stateDir) })

test('run: the exit status of the command is ours', async (t) => {
  const world = new World(t)
  t.like(await slipway(world, 'run', '--', 'true'), { status: 0, stdout: '', stderr: '' })
  t.like(await slipway(world, 'run', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'), { status: 7, stdout: 'out\n', stderr: 'err\n' })
  t.is((await slipway(world, 'run', '--', 'sh', '-c', 'kill -KILL $$')).status, 128 + constants.signals.SIGKILL)
  t.like(await slipway(world, 'run', '--', 'no-such-program'), { status: 127, stderr: 'slipway: no-such-program: command not found\n' })
  t.is((await slipway(world, 'run', '--', '/etc/passwd')).status, 126)
  t.deepEqual(links(world), EMPTY)
  t.is(await done(world, 'ls', '-q'), '')
})

test('run: what comes after the command is the command’s, with -- and without', async (t) => {
  const world = new World(t)
  const echo = ['sh', '-c', 'echo "$0 $@"', '--name', 'x', '-p', '1:2', '--']
  t.is(await done(world, 'run', '--network', 'none', '--', ...echo), '--name x -p 1:2 --\n')
  t.is(await done(world, 'run', '--network', 'none', ...echo), '--name x -p 1:2 --\n')
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`run: ${signal} goes to the command, and the sandbox goes after it`, async (t) => {
    const world = new World(t)
    const name = world.name('app')
    const kill = async (trap: string) => {
      const child = start(world, ['run', '--name', name, '--', 'sh', '-c', `${trap} echo up; while :; do sleep 0.02; done`])
      const ended = end(child)
      await once(child.stdout ?? child, 'data')
      t.true(world.namespaces().includes(name))
      child.kill(signal)
      return ended
    }
    t.is((await kill('')).status, 128 + constants.signals[signal])
    t.false(world.namespaces().includes(name))
    t.like(await kill(`trap "echo told; exit 3" ${signal.slice(3)};`), { status: 3, stdout: 'up\ntold\n' })
    t.false(world.namespaces().includes(name))
    t.deepEqual(links(world), EMPTY)
  })
}

test('run: a signal at any moment leaves no sandbox', async (t) => {
  const world = new World(t)
  await done(world, 'run', '--', 'true')
  for (let milliseconds = 40; milliseconds <= 400; milliseconds += 40) {
    const child = start(world, ['run', '--name', world.name('app'), '--', 'sleep', '0.2'])
    const ended = end(child)
    setTimeout(() => child.kill('SIGTERM'), milliseconds)
    await ended
  }
  t.is(await done(world, 'ls', '-q'), '')
  t.deepEqual(links(world), EMPTY)
})

test('run: a process that outlives the command is off the network', async (t) => {
  const world = new World(t)
  t.is((await slipway(world, 'run', '--name', world.name('app'), '--', 'sh', '-c', 'sleep 2 >&- 2>&- & exit 4')).status, 4)
  t.deepEqual(links(world), EMPTY)
})

test('run -p: the world reaches a server inside', async (t) => {
  const world = new World(t)
  const server = `require('http').createServer((q, r) => r.end(q.socket.remoteAddress)).listen(80, '0.0.0.0', () => console.log('up'))`
  const child = start(world, ['run', '--ip', '172.17.0.9', '-p', '8080:80', '--', process.execPath, '-e', server])
  const ended = end(child)
  await once(child.stdout ?? child, 'data')
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), NEIGHBOUR_ADDRESS)
  child.kill('SIGTERM')
  t.is((await ended).status, 143)
})

test('create, ls, port, inspect, exec, publish, unpublish, rm', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  t.is(await done(world, 'create', '--name', app, '-p', '8080:80', '-p', '127.0.0.1:9000-9001:90-91/udp', '--mac-address', '02:00:00:00:00:07'), `${app}\n`)
  const bare = (await done(world, 'create', '--network', 'none')).trim()
  t.regex(bare, /^[0-9a-f]{12}$/)
  t.teardown(() => slipway(world, 'rm', bare))

  const [head, ...rows] = (await done(world, 'ls')).trimEnd().split('\n').map((line) => line.split(/ {3,}/))
  t.deepEqual(head, ['NAME', 'ID', 'NETWORK', 'ADDRESS', 'PORTS', 'CREATED'])
  const row = rows.find(([name]) => name === app)
  t.like(row, { 2: 'bridge', 3: '172.17.0.2/16', 4: '0.0.0.0:8080->80/tcp, 127.0.0.1:9000-9001->90-91/udp' })
  t.regex(row?.[5] ?? '', / ago$/)
  t.is(rows.length, 2)
  t.regex(await done(world, 'ls', '-q'), /^([0-9a-f]{12}\n){2}$/)
  t.regex(await done(world, 'ls', '-q', '--no-trunc'), /^([0-9a-f]{64}\n){2}$/)

  t.is(await done(world, 'port', app), '80/tcp -> 0.0.0.0:8080\n90/udp -> 127.0.0.1:9000\n91/udp -> 127.0.0.1:9001\n')
  t.is(await done(world, 'port', app, '80'), '0.0.0.0:8080\n')
  t.is(await done(world, 'port', app, '91/udp'), '127.0.0.1:9001\n')
  t.deepEqual(JSON.parse(await done(world, 'port', app, '80/tcp', '--json')), [{ protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }])

  const [described] = JSON.parse(await done(world, 'inspect', app)) as [{ Id: string }]
  t.like(described, {
    Name: app,
    NetworkSettings: {
      SandboxKey: `/run/netns/${app}`,
      Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
      Networks: { bridge: { IPAddress: '172.17.0.2', Gateway: '172.17.0.1', MacAddress: '02:00:00:00:00:07' } },
    },
  })
  t.deepEqual((JSON.parse(await done(world, 'ls', '--json')) as { Name: string }[]).find(({ Name }) => Name === app), described as never)
  t.is(rows.find(([name]) => name === app)?.[1], described.Id.slice(0, 12))
  t.deepEqual(JSON.parse(await done(world, 'inspect', described.Id.slice(0, 12))), [described])

  t.regex(await done(world, 'exec', app, '--', 'ip', '-br', '-4', 'address', 'show', 'eth0'), /172\.17\.0\.2\/16/)
  t.regex(await done(world, 'exec', app, 'ip', '-o', 'link'), /02:00:00:00:00:07/)
  t.is((await slipway(world, 'exec', app, '--', 'sh', '-c', 'exit 9')).status, 9)
  t.is((await slipway(world, 'exec', app, '--', 'sh', '-c', 'kill -TERM $$')).status, 143)
  t.is((await slipway(world, 'exec', app, '--', 'no-such-program')).status, 127)

  t.is(await done(world, 'publish', app, '8443:443'), '443/tcp -> 0.0.0.0:8443\n')
  t.is(await done(world, 'unpublish', app, '8080:80', '90/udp'), '')
  t.is(await done(world, 'port', app), '91/udp -> 127.0.0.1:9001\n443/tcp -> 0.0.0.0:8443\n')

  const removing = await slipway(world, 'rm', app, 'no-such', bare)
  t.like(removing, { status: 1, stdout: `${app}\n${bare}\n` })
  t.regex(removing.stderr, /^slipway: There is no sandbox "no-such"/)
  t.is(await done(world, 'ls', '--json'), '[]\n')
  t.deepEqual(links(world), EMPTY)
})

test('create --json and rm --json', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  t.like(JSON.parse(await done(world, 'create', '--name', app, '--json')), [{ Name: app, NetworkSettings: { SandboxKey: `/run/netns/${app}` } }])
  t.deepEqual(JSON.parse(await done(world, 'publish', app, '8080:80', '--json')), [{ protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }])
  t.deepEqual(JSON.parse(await done(world, 'rm', app, '--json')), [app])
})

test('exec: a sandbox on the host’s network is the host, whoever made it', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, 'create', '--name', app, '--network', 'host')
  t.regex(await done(world, 'exec', app, '--', 'ip', '-br', 'address'), new RegExp(`uplink.*${HOST_ADDRESS}`))
  await done(world, 'rm', app)
})

test('options of the host stand before the command', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, '--bridge-name', 'br9', '--bip', '10.9.0.1/24', '--fixed-cidr', '10.9.0.128/25', '--mtu', '1400', '--no-ip-masq', '--ip', HOST_ADDRESS, 'create', '--name', app, '-p', '8080:80')
  t.like(ipJson(world.host, 'address', 'show', 'dev', 'br9')[0], { mtu: 1400, addr_info: [{ local: '10.9.0.1', prefixlen: 24 }] })
  t.regex(await done(world, 'exec', app, '--', 'ip', '-br', '-4', 'address', 'show', 'eth0'), / 10\.9\.0\.1(2[89]|[3-9]\d)\/24/)
  t.is(await done(world, 'port', app), `80/tcp -> ${HOST_ADDRESS}:8080\n`)
  // Without them, too: what is there is what counts, and no other bridge is made.
  await done(world, 'rm', app)
  t.deepEqual(links(world), ['br9', 'lo', 'uplink'])
})

test('wrong usage: status 2, one line and a hint on stderr, nothing done', async (t) => {
  const world = new World(t)
  const before = state(world)
  const wrong: [string[], RegExp][] = [
    [['nonsense'], /^slipway: unknown command 'nonsense'\nSee 'slipway --help'\.\n$/],
    [['ls', '--nonsense'], /^slipway: unknown option '--nonsense'\nSee 'slipway ls --help'\.\n$/],
    [['ls', '--bip', '10.0.0.1/24'], /It stands before the command: slipway --bip … COMMAND\n/],
    [['run'], /^slipway: missing required argument 'command'\n/],
    [['exec', 'app', '--'], /^slipway: missing required argument 'command'\n/],
    [['rm'], /^slipway: missing required argument 'name'\n/],
    [['create', 'surplus'], /^slipway: too many arguments/],
    [['--mtu', 'many', 'ls'], /--mtu/],
    [['--bip', 'nonsense', 'ls'], /^slipway: --bip must be an IPv4 address with prefix, as in '172\.17\.0\.1\/16', and is "nonsense"\.\n$/],
    [['--default-address-pool', '10.0.0.0/8', 'ls'], /base=10\.10\.0\.0\/16,size=24/],
    [['create', '-p', '99999:80'], /^slipway: -p "99999:80": host port 99999 is outside 1-65535/],
    [['create', '-p', '80:80', '-p', '80:81'], /^slipway: -p names the host port 0\.0\.0\.0:80\/tcp twice/],
    [['create', '--network', 'non sense'], /^slipway: --network "non sense" is no network's name\. There are bridge, host, none, container:NAME, [^\n]*\n$/],
    [['create', '--network', 'none', '-p', '80:80'], /^slipway: -p does not go with network "none"/],
    [['create', '--name', '../up'], /^slipway: --name must be a name of at most 100 /],
    [['create', '--ip', '1.2.3'], /^slipway: --ip must be an IPv4 address/],
    [['run', '--mac-address', 'x', '--', 'true'], /^slipway: --mac-address must be a unicast MAC address/],
    [['explain', 'run', '--ip', 'x'], /^slipway: --ip must be an IPv4 address/],
    [['port', 'app', 'http'], /^slipway: "http" is no port/],
    [['publish', 'app', '65536:80'], /host port 65536 is outside/],
    [['unpublish', 'app', '80:0'], /container port 0 is outside/],
    [['publish', 'app'], /^slipway: missing required argument 'spec'/],
  ]
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = await slipway(world, ...args)
    t.is(status, 2, args.join(' '))
    t.is(stdout, '', args.join(' '))
    t.regex(stderr, message, args.join(' '))
    t.notRegex(stderr, /\n {4}at /)
  }
  t.is((await slipway(world)).status, 2)
  t.deepEqual(state(world), before)
})

test('refused: status 1, the reason on stderr, nothing done', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, 'create', '--name', app, '-p', '8080:80')
  const listener = spawn('nsenter', [`--net=${world.host.path}`, 'socat', 'tcp-listen:8090,fork', 'exec:true'], { stdio: 'ignore' })
  t.teardown(() => listener.kill())
  t.true(await eventually(() => execIn(world.host, 'ss', '-Hltn', 'sport = :8090') !== ''))
  const before = state(world)
  const other = world.name('other')
  const refused: [string[], RegExp][] = [
    [['create', '--name', app], new RegExp(`The name "${app}" is in use by another sandbox`)],
    [['create', '--name', other, '-p', '8080:81'], new RegExp(`The host port 8080/tcp is published already by the sandbox ${app}\\.`)],
    [['run', '--name', other, '-p', '8090:80', '--', 'true'], /The host port 0\.0\.0\.0:8090\/tcp is in use by a process on the host/],
    [['run', '--name', other, '--ip', '172.17.0.2', '--', 'true'], new RegExp(`The address 172\\.17\\.0\\.2 is in use by the sandbox ${app}`)],
    [['run', '--name', other, '--ip', '10.0.0.2', '--', 'true'], /lies outside the subnet 172\.17\.0\.0\/16/],
    [['explain', 'create', '-p', '8080:81'], new RegExp(`published already by the sandbox ${app}`)],
    [['exec', 'no-such', '--', 'true'], /There is no sandbox "no-such"/],
    [['port', 'no-such'], /There is no sandbox "no-such"/],
    [['port', app, '81'], new RegExp(`No public port '81/tcp' published for ${app}\\. It publishes 0\\.0\\.0\\.0:8080->80/tcp\\.`)],
    [['create', '--network', 'nonsense'], /There is no network "nonsense" on this host/],
    [['unpublish', app, '8081:81'], /does not publish 8081:81\/tcp\. It publishes 0\.0\.0\.0:8080->80\/tcp/],
    [['--bip', '10.9.0.1/24', 'create'], /the bridge docker0 exists with bip 172\.17\.0\.1\/16/],
    [['--netns', '/run/netns/no-such', 'ls'], /There is no network namespace \/run\/netns\/no-such/],
  ]
  for (const [args, message] of refused) {
    const { status, stdout, stderr } = await slipway(world, ...args)
    t.is(status, 1, args.join(' '))
    t.is(stdout, '', args.join(' '))
    t.regex(stderr, /^slipway: [^\n]+\n$/, args.join(' '))
    t.regex(stderr, message, args.join(' '))
  }
  t.deepEqual(state(world), before)

  const inspected = await slipway(world, 'inspect', 'no-such', app)
  t.is(inspected.status, 1)
  t.like(JSON.parse(inspected.stdout), [{ Name: app }])
  await done(world, 'rm', app)
})

test('refused without capabilities: which, and how to get them', async (t) => {
  const world = new World(t)
  const ended = await end(start(world, ['ls'], ['setpriv', '--bounding-set=-all', '--inh-caps=-all']))
  t.is(ended.status, 1)
  t.regex(ended.stderr, /^slipway: This process lacks CAP_NET_ADMIN and CAP_SYS_ADMIN\. .*setcap/)
})

test('explain: prints what it would take, and changes nothing', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  const before = state(world)
  const create = await done(world, 'explain', 'create', '--name', app, '-p', '8080:80')
  for (const line of [/^create table inet slipway /m, /^ip link add name docker0 .*type bridge$/m, /^sysctl -qw net\.ipv4\.ip_forward=1$/m, new RegExp(`^ip netns add ${app}$`, 'm'), /tcp \. 8080 .*: 172\.17\.0\.2 \. 80 }$/m]) {
    t.regex(create, line)
  }
  const run = await done(world, 'explain', 'run', '--name', app, '--network', 'none', '--', 'sh', '-c', 'a b')
  t.regex(run, new RegExp(`\nip netns exec ${app} sh -c 'a b'\n`))
  t.regex(run, new RegExp(`\nip netns delete ${app}\n`))
  const plan = JSON.parse(await done(world, 'explain', 'create', '--json', '--name', app)) as PlanMessage['plan']
  t.true(plan.some((operation) => operation.op === 'netns.create' && operation.path === `/run/netns/${app}`))
  t.deepEqual(state(world), before)

  // Beside one that is there, only what is missing.
  await done(world, 'create', '--name', app)
  const there = state(world)
  const second = await done(world, 'explain', 'create')
  t.notRegex(second, /type bridge$/m)
  t.regex(second, /172\.17\.0\.3/)
  t.deepEqual(state(world), there)

  // And after somebody's flush, all that is.
  execIn(world.host, 'nft', 'flush', 'ruleset')
  const flushed = state(world)
  const third = await done(world, 'explain', 'create')
  t.regex(third, /^create table inet slipway /m)
  t.regex(third, /^create element inet slipway bridges { "docker0" /m)
  t.deepEqual(state(world), flushed)
  const healing = await slipway(world, 'rm', app)
  t.like(healing, { status: 0, stdout: `${app}\n` })
})

test('help: each command explains itself', async (t) => {
  const world = new World(t)
  const help = await done(world, '--help')
  for (const command of ['run', 'create', 'exec', 'rm', 'ls', 'inspect', 'port', 'publish', 'unpublish', 'explain', 'doctor']) {
    t.regex(help, new RegExp(`^  ${command} `, 'm'))
    t.regex(await done(world, command, '--help'), new RegExp(`^Usage: slipway ${command} `))
  }
  t.regex(await done(world, '--version'), /^\d+\.\d+\.\d+\n$/)
})
