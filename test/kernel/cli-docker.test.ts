import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EMPTY, end, links, slipway, start } from '../helpers/command.js'
import { typed } from '../helpers/typed.js'
import { eventually, World } from '../helpers/world.js'

/** What people have in their fingers who know docker. */

/** Each command, in turn, and what it prints. */
async function each(
  t: ExecutionContext,
  world: World,
  commands: readonly [string[], string | RegExp][],
): Promise<void> {
  for (const [args, printed] of commands) {
    const { status, stdout, stderr } = await typed(world, ...args)
    t.deepEqual({ status, stderr }, { status: 0, stderr: '' }, args.join(' '))
    if (typeof printed === 'string') t.is(stdout, printed, args.join(' '))
    else t.regex(stdout, printed, args.join(' '))
  }
}

test.serial('other names and flags of commands, --filter and --format', async (t) => {
  const world = new World(t)
  const [app, db] = [world.name('app'), world.name('db')]
  const ID = '[0-9a-f]{12}'
  await each(t, world, [
    [['network', 'create', '--subnet', '10.7.0.0/24', '--label', 'team=blue', 'web'], /^[0-9a-f]{64}\n$/],
    [['create', '--name', app, '-p', '8080:80', '--label', 'job=7'], `${app}\n`],
    [['create', '--name', db, '--net', 'web', '--network-alias', 'database'], `${db}\n`],
    [['ps'], new RegExp(`^NAME +ID +NETWORK.*\n${app} +${ID} +bridge .*\n${db} `)],
    [['ps', '-aq', '--no-trunc'], /^([0-9a-f]{64}\n){2}$/],
    [['list', '-f', `name=${app}`, '-q'], new RegExp(`^${ID}\n$`)],
    [['ls', '-f', 'label=job=7', '--format', '{{.Names}}'], `${app}\n`],
    [['ls', '-f', 'label=job=8', '--format', '{{.Names}}'], ''],
    [['ls', '-f', 'network=web', '--format', '{{.Name}} {{.Networks}}'], `${db} web\n`],
    [['ls', '-f', 'ephemeral=true', '-q'], ''],
    [
      ['ls', '-f', `name=${app}`, '--format', 'table {{.Name}}\\t{{.Ports}}\\t{{.Label "job"}}'],
      new RegExp(`^NAME +PORTS +job\n${app} +0.0.0.0:8080->80/tcp +7\n$`),
    ],
    [
      ['ls', '-f', `name=${app}`, '--format', 'json'],
      new RegExp(`^{"ID":"${ID}","Name":"${app}",.*"Labels":"job=7"}\n$`),
    ],
    [['inspect', '-f', '{{.NetworkSettings.Networks.web.IPAddress}}', db], '10.7.0.2\n'],
    [['inspect', '--format', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', app], '8080\n'],
    [['inspect', '-f', '{{.Name}}', app, db], `${app}\n${db}\n`],
    [['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}}{{end}}', 'web'], '10.7.0.0/24\n'],
    [['network', 'inspect', '-f', '{{range .Containers}}{{.Name}}{{end}}', 'web'], `${db}\n`],
    [
      ['network', 'list', '-f', 'label=team', '--format', '{{.Name}} {{.Driver}} {{.Label "team"}}'],
      'web bridge blue\n',
    ],
    [
      ['network', 'ls', '--format', 'table {{.Name}}\\t{{.Internal}}', '-f', 'type=builtin'],
      'NAME     INTERNAL\nbridge   false\nhost     false\nnone     false\n',
    ],
    [
      ['stats', '-a', '--no-stream'],
      new RegExp(`^NAME +ID +NET I/O +PACKETS +DROPPED +CONNECTIONS\n${app} +${ID} +0B / 0B .*\n${db} `),
    ],
    [['stats', '--format', '{{.Name}} {{.Connections}}', db], `${db} 0\n`],
    [['stats', '--json', app, db], new RegExp(`"name": "${app}"[^]*"rxBytes": [^]*"name": "${db}"`)],
    [['network', 'connect', 'web', app], ''],
    [['port', app, '80/tcp'], '0.0.0.0:8080\n'],
    [['network', 'disconnect', 'web', app], ''],
    [['unpublish', '--json', app, '80'], '[]\n'],
    [['network', 'connect', 'web', app], ''],
    [['disconnect', '--json', app, 'web'], /^\[\n +{\n[^]*"network": "bridge"/],
    // Its maker is this process, which lives.
    [['prune', '-f', '--filter', 'label=job=7'], ''],
    [['rm', '-f', app, 'no-such'], `${app}\n`],
    [['remove', '--force', '--json', db, 'no-such'], `[\n    "${db}"\n]\n`],
    [['network', 'rm', '-f', 'web', 'no-such'], 'web\n'],
    [['network', 'prune', '-f'], ''],
    [['help'], /^Usage: slipway \[OPTIONS\] COMMAND\n/],
    [['help', 'network', 'create'], /^Usage: slipway network create \[OPTIONS\] NAME\n/],
    [['help', 'ps'], /^Usage: slipway ls /],
    [['version'], /^\d+\.\d+\.\d+\n$/],
    [['version', '--json'], /"slipway": "\d+\.\d+\.\d+",\n +"node": "v/],
  ])
  for (const flag of ['-v', '-V', '--version']) t.regex((await typed(world, flag)).stdout, /^\d+\.\d+\.\d+\n$/, flag)
  t.deepEqual(links(world), EMPTY)
})

test('run and exec: environment, folder, user, and flags that change nothing', async (t) => {
  const world = new World(t)
  const says = [
    'sh',
    '-c',
    'echo "$(id -u):$(id -g) $PWD $COLOUR $HOME"; test -e /sys/class/net/eth0 || ip link show eth0 >/dev/null',
  ]
  const name = world.name('app')
  const said = join(world.stateDir, 'said')
  const rows: [string[], string][] = [
    [
      ['run', '--rm', '-it', '-e', 'COLOUR=blue', '-w', '/tmp', '-u', '65534', ...says],
      '65534:65534 /tmp blue /nonexistent\n',
    ],
    [
      ['run', '--network', 'none', '-u', '1234:5', '-w', '/', 'sh', '-c', 'echo "$(id -u):$(id -g) $PWD"'],
      '1234:5 /\n',
    ],
    [['create', '--name', name], `${name}\n`],
    [
      ['exec', '-it', '-e', 'COLOUR=red=green', '-w', '/tmp', name, ...says],
      `0:0 /tmp red=green ${process.env['HOME'] ?? ''}\n`,
    ],
    [['exec', '-u', 'nobody', '-w', '/', name, '--', ...says], '65534:65534 /  /nonexistent\n'],
    [['exec', '-d', name, 'sh', '-c', `echo up >${said}; sleep 60`], ''],
  ]
  for (const [args, stdout] of rows)
    t.like(await slipway(world, ...args), { status: 0, stdout, stderr: '' }, args.join(' '))
  t.true(await eventually(() => existsSync(said) && readFileSync(said, 'utf8') === 'up\n'))
  for (const pid of processesIn(name)) process.kill(pid, 'SIGKILL')
  t.like(await slipway(world, 'exec', name, '-w', '/', 'true'), {
    status: 127,
    stderr: 'slipway: -w: command not found. Options stand before the name of the sandbox\n',
  })
  t.like(await slipway(world, 'run', 'ubuntu:24.04', 'bash'), {
    status: 127,
    stderr: 'slipway: ubuntu:24.04: command not found. There are no images: COMMAND is a program of this machine\n',
  })
  t.is((await slipway(world, 'exec', '-w', '/etc', name, './passwd')).status, 126)
})

test('a machine without resolv.conf: it is said, and names are there all the same', async (t) => {
  const world = new World(t)
  // Links of /etc are of this process alone, and its copy lacks two files.
  const etc = join(world.stateDir, 'etc')
  const lacking = `cp -a /etc '${etc}'; rm -f '${etc}/resolv.conf' '${etc}/hostname'; mount --bind '${etc}' /etc; exec "$@"`
  const { status, stdout, stderr } = await end(
    start(
      world,
      ['run', '--hostname', 'db', '--dns', '192.0.2.53', '--', 'cat', '/etc/hostname', '/etc/resolv.conf'],
      ['unshare', '--mount', 'sh', '-euc', lacking, 'sh'],
    ),
  )
  t.is(status, 0, stderr)
  t.regex(stdout, /^db\n[^]*nameserver 192\.0\.2\.53\n/)
  t.regex(stderr, /^slipway: (?:note: )?This machine has no \/etc\/hostname, no \/etc\/resolv\.conf\. [^\n]+\n$/)
})

test('run -d: goes on in the background, ends with its sandbox, and says why it does not begin', async (t) => {
  const world = new World(t)
  const name = world.name('app')
  // By a pipe that is read to its end: nothing in the background holds it.
  const begun = await end(
    start(world, ['run', '-d', '--name', name, '-p', '8080:80', '--', 'sh', '-c', 'sleep 600 & wait']),
  )
  t.deepEqual(begun, { status: 0, stdout: `${name}\n`, stderr: '' })
  t.is((await slipway(world, 'port', name)).stdout, '80/tcp -> 0.0.0.0:8080\n')
  const inside = processesIn(name)
  t.true(inside.length > 0)
  t.like(await slipway(world, 'rm', name), { status: 0, stdout: `${name}\n` })
  t.true(await eventually(() => inside.every((pid) => !isAlive(pid))))

  t.is((await slipway(world, 'run', '-d', '--name', name, 'true')).stdout, `${name}\n`)
  t.true(await eventually(() => !world.namespaces().includes(name)))

  t.deepEqual(await slipway(world, 'run', '-d', 'no-such-program'), {
    status: 127,
    stdout: '',
    stderr: 'slipway: no-such-program: command not found\n',
  })
  t.like(await slipway(world, 'run', '-d', '--network', 'no-such', 'true'), { status: 1, stdout: '' })
  t.true(await eventually(() => links(world).join() === EMPTY.join()))
})

const processesIn = (name: string): number[] =>
  execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number)

const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
