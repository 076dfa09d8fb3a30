import { spawn } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { done, end, start, stateOf } from '../helpers/command.js'
import { typed } from '../helpers/typed.js'
import { eventually, execIn, World } from '../helpers/world.js'

/** What is not done: wrong usage, refusals, and the help that tells what would be right. */

test.serial('wrong usage: status 2, one line and a hint on stderr, nothing done', async (t) => {
  const world = new World(t)
  const before = stateOf(world)
  const wrong: [string[], RegExp][] = [
    [['nonsense'], /^slipway: unknown command 'nonsense'\nSee 'slipway --help'\.\n$/],
    [['ls', '--nonsense'], /^slipway: unknown option '--nonsense'\nSee 'slipway ls --help'\.\n$/],
    [['ls', '--bip', '10.0.0.1/24'], /It stands before the command: slipway --bip … COMMAND\n/],
    [['run'], /^slipway: missing required argument 'command'\n/],
    [['exec', 'app', '--'], /^slipway: missing required argument 'command'\n/],
    [['rm'], /^slipway: missing required argument 'name'\n/],
    [['create', 'surplus'], /^slipway: too many arguments: .* as in --name surplus\.\n/],
    [['ls', 'app'], /^slipway: too many arguments: 'slipway inspect app' prints one\.\n/],
    [['lss'], /^slipway: unknown command 'lss'\. Did you mean ls\?\n/],
    [['help', 'network', 'craete'], /^slipway: unknown command 'craete'\nSee 'slipway network --help'\.\n$/],
    [['help', 'explain', 'rm'], /^slipway: unknown command 'rm'\. Did you mean slipway rm\?\n/],
    [['create', '--netwrok', 'web'], /^slipway: unknown option '--netwrok'\. Did you mean --network\?\n/],
    [
      ['events', '--since', '1h'],
      /^slipway: --since has no meaning here: it prints what happens from now on, [^\n]*\n/,
    ],
    [['ps', '-n', '3'], /^slipway: -n has no meaning here: sort says which are new: slipway ls /],
    [['inspect', '--type', 'network', 'web'], /^slipway: --type has no meaning here: 'slipway network inspect'/],
    [['network', 'connect', '--link', 'a:b', 'web', 'app'], /^slipway: --link has no meaning here: sandboxes of one/],
    [['connect', '--driver-opt', 'a=b', 'app', 'web'], /^slipway: --driver-opt has no meaning here: what a driver/],
    [['events', '-f', 'type=volume'], /--filter type must be one of sandbox, endpoint/],
    [['events', '-f', 'image=x'], /--filter "image=x" is not known/],
    [['events', '--json', '--format', 'x'], /two forms of a list/],
    [['logs', 'app'], /^slipway: there is no command 'logs': programs in sandboxes write where you send/],
    [['container', 'ls'], /^slipway: there is no command 'container': its commands stand alone here/],
    [['run', '-v', '/a:/b', 'true'], /^slipway: -v has no meaning here: [^\n]* Leave -v out\.\n/],
    [['run', '--memory=1g', 'true'], /^slipway: --memory has no meaning here: [^\n]*systemd-run/],
    [['create', '--restart', 'always'], /^slipway: --restart has no meaning here: /],
    [['run', '-P', 'true'], /^slipway: -P has no meaning here: there is no image that names ports/],
    [['rm', '-v', 'app'], /^slipway: -v has no meaning here: a sandbox has no volumes\. Leave -v out\.\n/],
    [['version', '--format', 'x'], /^slipway: --format has no meaning here: it prints the version and nothing else/],
    [['network', 'create', '--attachable', 'x'], /^slipway: --attachable has no meaning here: every sandbox/],
    [['network', 'rm', '-v', 'x'], /^slipway: unknown option '-v'\n/],
    [['completion', 'tcsh'], /^slipway: 'tcsh' is no shell that is meant here\. There are bash, zsh, fish\.\n/],
    [['run', '-e', '=1', 'true'], /^slipway: --env "=1" has no name\. It is written KEY=VALUE, or KEY\.\n$/],
    [['run', '-u', ':0', 'true'], /^slipway: --user ":0" is no user/],
    [['exec', '-u', 'a:b:c', 'app', 'true'], /^slipway: --user "a:b:c" is no user/],
    [
      ['ls', '--filter', 'status=up'],
      /^slipway: --filter "status=up" is not known\. .*, and KEY is one of id, label, name, network, ephemeral\.\n$/,
    ],
    [['ls', '-f', 'ephemeral=perhaps'], /^slipway: --filter ephemeral must be true or false, and is "perhaps"\.\n$/],
    [['ls', '--format', '{{.Name'], /^slipway: --format: "\{\{\.Name" has \{\{ without \}\}\.\n$/],
    [['ls', '--format', '{{shout .Name}}'], /^slipway: --format: there is no function shout\. There are json, /],
    [['ls', '--format', 'json', '-q'], /^slipway: --format and --quiet are two forms of a list\. Give one\.\n$/],
    [['ls', '--format', '{{range .Name}}'], /^slipway: --format: \{\{end\}\} is missing\.\n$/],
    [['inspect', '-f', '{{.Name | }}', 'app'], /^slipway: --format: something is missing behind \|/],
    [['network', 'inspect', '--json', '-f', 'json', 'bridge'], /^slipway: --format and --json are two forms/],
    [['network', 'create', '--driver'], /^slipway: option '-d, --driver <driver>' argument missing\n/],
    [['network', 'ls', '--format', '{{end}}'], /^slipway: --format: \{\{end\}\} ends nothing\.\n$/],
    [['--mtu', 'many', 'ls'], /--mtu/],
    [
      ['--bip', 'nonsense', 'ls'],
      /^slipway: --bip must be an IPv4 address with prefix, as in '172\.17\.0\.1\/16', and is "nonsense"\.\n$/,
    ],
    [['--default-address-pool', '10.0.0.0/8', 'ls'], /base=10\.10\.0\.0\/16,size=24/],
    [['create', '-p', '99999:80'], /^slipway: -p "99999:80": host port 99999 is outside 1-65535/],
    [['create', '-p', '80:80', '-p', '80:81'], /^slipway: -p names the host port 0\.0\.0\.0:80\/tcp twice/],
    [
      ['create', '--network', 'non sense'],
      /^slipway: --network "non sense" is no network's name\. There are bridge, host, none, container:NAME, [^\n]*\n$/,
    ],
    [['create', '--network', 'none', '-p', '80:80'], /^slipway: -p does not go with network "none"/],
    [['create', '--name', '../up'], /^slipway: --name must be a name of at most 100 /],
    [['create', '--ip', '1.2.3'], /^slipway: --ip must be an IPv4 address/],
    [['run', '--mac-address', 'x', '--', 'true'], /^slipway: --mac-address must be a unicast MAC address/],
    [['explain', 'run', '--ip', 'x'], /^slipway: --ip must be an IPv4 address/],
    [['port', 'app', 'http'], /^slipway: "http" is no port/],
    [['publish', 'app', '65536:80'], /host port 65536 is outside/],
    [['unpublish', 'app', '80:0'], /container port 0 is outside/],
    [['publish', 'app'], /^slipway: missing required argument 'spec'/],
    [['--ipv6=maybe', 'ls'], /^slipway: /],
    [['--bip6', '10.0.0.1/24', 'ls'], /^slipway: --bip6 must be an IPv6 address with prefix/],
    [['--fixed-cidr-v6', 'x', 'ls'], /^slipway: --fixed-cidr-v6 must be an IPv6 address with prefix/],
    [['--default-gateway-v6', '10.0.0.1', 'ls'], /^slipway: --default-gateway-v6 must be an IPv6 address/],
    [
      ['--dns', 'nope', 'ls'],
      /^slipway: --dns takes addresses of nameservers, as in '192\.0\.2\.53', [^\n]*\. "nope" is not one\.\n$/,
    ],
    [['--dns-opt', '!', 'ls'], /^slipway: --dns-opt takes options/],
    [
      ['create', '--network', 'a', '--network', 'b'],
      /--network.* given twice\. A sandbox is created on one network; slipway connect adds others\./,
    ],
    [['create', '--ip6', '10.0.0.1'], /^slipway: --ip6 must be an IPv6 address/],
    [
      ['create', '--alias', 'x'],
      /^slipway: --network-alias does not go with network "bridge": [^\n]* slipway network create web\.\n$/,
    ],
    [
      ['create', '--network', 'web', '--network-alias', '-x'],
      /^slipway: --network-alias takes names of letters, [^\n]*\. '-x' is not one\.\n$/,
    ],
    [
      ['create', '--network', 'container:app', '--dns', '192.0.2.53'],
      /^slipway: --dns does not go with network "container:app": [^\n]* Leave --dns out, or give it to that sandbox\.\n$/,
    ],
    [
      ['create', '--network', 'host', '--mac-address', '02:00:00:00:00:07'],
      /^slipway: --mac-address does not go with network "host": [^\n]* Leave --mac-address out/,
    ],
    [['create', '--netns', 'x'], /^slipway: --netns must be an absolute path/],
    [['create', '--gw-priority', 'high'], /--gw-priority.*A whole number is meant/],
    [['create', '--hostname', 'bad_host!'], /^slipway: --hostname must be a name/],
    [['create', '--domainname', '.'], /^slipway: --domainname must be a domain/],
    [
      ['create', '--add-host', 'nope'],
      /^slipway: --add-host takes texts 'NAME:ADDRESS'[^\n]*'db:\[2001:db8::9\]'[^\n]*\. "nope" is not one\.\n$/,
    ],
    [['create', '--dns', 'nope'], /^slipway: --dns takes addresses/],
    [['create', '--dns-option', '!'], /^slipway: --dns-opt takes options/],
  ]
  await misusesEach(t, world, wrong)
  t.is((await typed(world)).status, 2)
  t.deepEqual(stateOf(world), before)
})

test.serial('wrong usage of networks: status 2, nothing done', async (t) => {
  const world = new World(t)
  const before = stateOf(world)
  const create = (...args: string[]) => ['network', 'create', ...args]
  const wrong: [string[], RegExp][] = [
    [['network', 'nonsense'], /^slipway: unknown command 'nonsense'\nSee 'slipway network --help'\.\n$/],
    [create(), /^slipway: missing required argument 'name'\nSee 'slipway network create --help'\.\n$/],
    [create('../up'), /^slipway: NAME must be a name of at most 100 /],
    [
      create('--driver', 'overlay', 'web'),
      /^slipway: --driver "overlay" is not one of Slipway's\. There are "bridge", "ipvlan", "macvlan"\.\n$/,
    ],
    [create('--driver', 'host', 'web'), /^slipway: --driver host: every host has one such network/],
    [create('bridge'), /^slipway: The network "bridge" is there on every host\. Choose another name\.\n$/],
    [
      create('--subnet', '172.20.0.5/16', 'web'),
      /^slipway: --subnet 172\.20\.0\.5\/16 has host bits: [^\n]* 172\.20\.0\.0\/16\. Give that\.\n$/,
    ],
    [create('--subnet', 'x', 'web'), /^slipway: --subnet "x" is no CIDR/],
    [create('--subnet', '127.1.0.0/16', 'web'), /^slipway: --subnet 127\.1\.0\.0\/16 overlaps 127\.0\.0\.0\/8/],
    [
      create('--subnet', '172.20.0.0/16', '--gateway', '10.0.0.1', 'web'),
      /^slipway: --gateway 10\.0\.0\.1 lies in no subnet of the network \(172\.20\.0\.0\/16\)/,
    ],
    [
      create('--subnet', '172.20.0.0/16', '--gateway', '172.20.255.255', 'web'),
      /^slipway: --gateway 172\.20\.255\.255 is the broadcast address/,
    ],
    [
      create('--subnet', '172.20.0.0/16', '--aux-address', 'a=172.20.0.0', 'web'),
      /^slipway: --aux-address a 172\.20\.0\.0 is the network's own address/,
    ],
    [create('--aux-address', '=172.20.0.0', 'web'), /KEY=VALUE/],
    [create('--label', '=x', 'web'), /KEY=VALUE/],
    [
      create('--opt', 'nonsense=1', 'web'),
      /^slipway: --opt: the bridge driver has no option "nonsense"\. There are com\.docker/,
    ],
    [
      create('-o', 'com.docker.network.bridge.enable_icc=maybe', 'web'),
      /^slipway: --opt: com\.docker\.network\.bridge\.enable_icc must be true or false, and is "maybe"/,
    ],
    [
      create('-o', 'com.docker.network.bridge.gateway_mode_ipv4=isolated', 'web'),
      /^slipway: --opt: com\.docker\.network\.bridge\.gateway_mode_ipv4 isolated goes with --internal only/,
    ],
    [create('--ip', '10.0.0.1', 'web'), /^slipway: unknown option '--ip'/],
    [['explain', ...create('--subnet', 'x', 'web')], /^slipway: --subnet "x" is no CIDR/],
    [
      ['network', 'ls', '--filter', 'colour=red'],
      /^slipway: --filter "colour=red" is not known\. A filter is written KEY=VALUE, and KEY is one of driver, id, label, name, type, dangling\.\n$/,
    ],
    [['network', 'ls', '-f', 'name'], /^slipway: --filter "name" is not known/],
    [['network', 'ls', '-f', 'type=odd'], /^slipway: --filter type must be "custom" or "builtin", and is "odd"/],
    [['network', 'ls', '-f', 'type=custom', '-f', 'type=builtin'], /^slipway: --filter type is given twice/],
    [['network', 'ls', '-f', 'dangling=perhaps'], /^slipway: --filter dangling must be true or false/],
    [
      ['network', 'prune', '-f', '--filter', 'until=soon'],
      /^slipway: --filter until must be a time, as in .*, and is "soon"/,
    ],
    [
      ['network', 'prune'],
      /^slipway: network prune asks before it removes, and standard input is no terminal\. Give --force/,
    ],
    [['prune'], /^slipway: prune asks before it removes, and standard input is no terminal\. Give --force/],
    [['prune', '-f', '--filter', 'until=soon'], /^slipway: --filter until must be a time, as in .*, and is "soon"/],
    [
      ['prune', '-f', '--filter', 'name=app'],
      /^slipway: --filter "name=app" is not known\. .*, and KEY is one of label, until/,
    ],
    [['network', 'rm'], /^slipway: missing required argument 'name'/],
    [['network', 'connect', 'web'], /^slipway: missing required argument 'sandbox'/],
    [['network', 'connect', 'web', 'app', '--ip', 'x'], /^slipway: --ip must be an IPv4 address/],
    [['connect', 'app'], /^slipway: missing required argument 'network'/],
    [['disconnect', 'app', 'web', 'more'], /^slipway: too many arguments/],
    [
      ['stats', '--format', '{{.Cpu}}'],
      /^slipway: --format: there is no field \.Cpu\. There are \.ID, \.Name, \.NetIO, /,
    ],
    [['files', 'a', 'b'], /^slipway: too many arguments/],
  ]
  await misusesEach(t, world, wrong)
  t.is((await typed(world, 'network')).status, 2)
  t.deepEqual(stateOf(world), before)
})

test.serial('networks refused: status 1, the reason on stderr, nothing done', async (t) => {
  const world = new World(t)
  await done(world, 'network', 'create', '--subnet', '10.7.0.0/24', 'web')
  const before = stateOf(world)
  const refused: [string[], RegExp][] = [
    [
      ['network', 'create', 'web'],
      /There is a network "web" already\. Choose another name, or remove that one: slipway network rm web\./,
    ],
    [['explain', 'network', 'create', 'web'], /There is a network "web" already/],
    [
      ['network', 'create', '--subnet', '10.7.0.0/25', 'other'],
      /^slipway: --subnet 10\.7\.0\.0\/25 is not free: the network web has 10\.7\.0\.0\/24\./,
    ],
    [
      ['network', 'create', '--no-ipv4', 'other'],
      /^slipway: --ipv4 and ipv6 are both off: a network needs one of them/,
    ],
    [
      ['network', 'create', '--no-ipv4', '--subnet', '10.8.0.0/24', '--subnet', 'fd00:8::/64', 'other'],
      /^slipway: --subnet is IPv4, and ipv4 is off\. Give --ipv4/,
    ],
    [['network', 'rm', 'bridge'], /The network "bridge" is there on every host and cannot be removed/],
    [
      ['network', 'rm', 'no-such'],
      /There is no network "no-such" on this host\. slipway network ls shows what there is/,
    ],
    [['network', 'connect', 'no-such', 'app'], /There is no network "no-such"/],
    [['connect', 'no-such', 'web'], /There is no sandbox "no-such"/],
    [['stats', 'no-such'], /There is no sandbox "no-such"/],
    [['files', 'no-such'], /There is no sandbox "no-such"/],
    [
      ['create', '--network', 'web', '--ip', '10.8.0.1'],
      /^slipway: --ip 10\.8\.0\.1 lies outside the subnet 10\.7\.0\.0\/24 of the network web/,
    ],
    [
      ['create', '--network', 'web', '--ip6', 'fd00::1'],
      /^slipway: --ip6 fd00::1: the network web has no IPv6\. Leave --ip6 out/,
    ],
    [
      ['create', '--network', 'web', '--ip', '10.7.0.1'],
      /^slipway: --ip 10\.7\.0\.1 is the bridge's, gateway's, .* or leave --ip out/,
    ],
    [['create', '--network', 'container:no-such'], /There is no sandbox "no-such"/],
    [
      ['create', '--netns', '/run/netns/no-such'],
      /There is no network namespace \/run\/netns\/no-such\. .* or leave --netns out/,
    ],
  ]
  await refusesEach(t, world, refused)
  t.deepEqual(stateOf(world), before)
  const inspected = await typed(world, 'network', 'inspect', 'no-such', 'web')
  t.is(inspected.status, 1)
  t.like(JSON.parse(inspected.stdout), [{ Name: 'web' }])
  await done(world, 'network', 'rm', 'web')
})

test.serial('refused: status 1, the reason on stderr, nothing done', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, 'create', '--name', app, '-p', '8080:80')
  const listener = spawn('nsenter', [`--net=${world.host.path}`, 'socat', 'tcp-listen:8090,fork', 'exec:true'], {
    stdio: 'ignore',
  })
  t.teardown(() => listener.kill())
  t.true(await eventually(() => execIn(world.host, 'ss', '-Hltn', 'sport = :8090') !== ''))
  const before = stateOf(world)
  const other = world.name('other')
  const refused: [string[], RegExp][] = [
    [['create', '--name', app], new RegExp(`The name "${app}" is in use by another sandbox`)],
    [
      ['create', '--name', other, '-p', '8080:81'],
      new RegExp(`The host port 8080/tcp is published already by the sandbox ${app}\\.`),
    ],
    [
      ['run', '--name', other, '-p', '8090:80', '--', 'true'],
      /The host port 0\.0\.0\.0:8090\/tcp is in use by a process on the host/,
    ],
    [
      ['run', '--name', other, '--ip', '172.17.0.2', '--', 'true'],
      new RegExp(`The address 172\\.17\\.0\\.2 is in use by the sandbox ${app}`),
    ],
    [['run', '--name', other, '--ip', '10.0.0.2', '--', 'true'], /lies outside the subnet 172\.17\.0\.0\/16/],
    [['explain', 'create', '-p', '8080:81'], new RegExp(`published already by the sandbox ${app}`)],
    [['exec', 'no-such', '--', 'true'], /There is no sandbox "no-such"/],
    [['exec', '-w', '/no/such', app, 'true'], /^slipway: --workdir \/no\/such: there is no such folder/],
    [['exec', '-u', 'no-such', app, 'true'], /^slipway: --user no-such: there is no user "no-such"/],
    [['run', '-u', '0:no-such', 'true'], /^slipway: --user 0:no-such: there is no group "no-such"/],
    [['inspect', `${app}x`, '-f', '{{.Id}}'], new RegExp(`Did you mean ${app}\\?\n$`)],
    [['rm', 'bridge'], /There is a network of that name\.\n$/],
    [['connect', app, 'brigde'], /There is no network "brigde".* Did you mean bridge\?\n$/],
    [['create', '--network', 'noen'], /There is no network "noen".* Did you mean none\?\n$/],
    [['port', 'no-such'], /There is no sandbox "no-such"/],
    [
      ['port', app, '81'],
      new RegExp(`No public port '81/tcp' published for ${app}\\. It publishes 0\\.0\\.0\\.0:8080->80/tcp\\.`),
    ],
    [['create', '--network', 'nonsense'], /There is no network "nonsense" on this host/],
    [['unpublish', app, '8081:81'], /does not publish 8081:81\/tcp\. It publishes 0\.0\.0\.0:8080->80\/tcp/],
    [['--bip', '10.9.0.1/24', 'create'], /the bridge docker0 exists with bip 172\.17\.0\.1\/16/],
    [['--netns', '/run/netns/no-such', 'ls'], /There is no network namespace \/run\/netns\/no-such/],
  ]
  await refusesEach(t, world, refused)
  t.deepEqual(stateOf(world), before)

  const inspected = await typed(world, 'inspect', 'no-such', app)
  t.is(inspected.status, 1)
  t.like(JSON.parse(inspected.stdout), [{ Name: app }])
  await done(world, 'rm', app)
})

test.serial('refused without capabilities: which, and how to get them', async (t) => {
  const world = new World(t)
  const ended = await end(start(world, ['ls'], ['setpriv', '--bounding-set=-all', '--inh-caps=-all']))
  t.is(ended.status, 1)
  t.regex(ended.stderr, /^slipway: This process lacks CAP_NET_ADMIN and CAP_SYS_ADMIN\. .*setcap/)
})

test.serial('help: each command explains itself', async (t) => {
  const world = new World(t)
  const help = (await typed(world, '--help')).stdout
  for (const command of [
    'run',
    'create',
    'exec',
    'rm',
    'ls',
    'inspect',
    'port',
    'publish',
    'unpublish',
    'explain',
    'doctor',
    'uninstall',
    'bench',
    'stats',
    'events',
    'prune',
    'completion',
    'help',
    'version',
    'files',
    'network',
    'connect',
    'disconnect',
  ]) {
    t.regex(help, new RegExp(`^  ${command} `, 'm'))
    t.regex((await typed(world, command, '--help')).stdout, new RegExp(`^Usage: slipway ${command} `))
  }
  const networks = (await typed(world, 'network', '--help')).stdout
  for (const command of ['create', 'ls', 'inspect', 'rm', 'prune', 'connect', 'disconnect']) {
    t.regex(networks, new RegExp(`^  ${command} `, 'm'))
    t.regex(
      (await typed(world, 'network', command, '--help')).stdout,
      new RegExp(`^Usage: slipway network ${command} `),
    )
  }
  t.regex(await done(world, '--version'), /^\d+\.\d+\.\d+\n$/)
})

/** Each call ends with status 2, says on stderr what is wrong, without a stack, and nothing on stdout. */
async function misusesEach(t: ExecutionContext, world: World, wrong: readonly [string[], RegExp][]): Promise<void> {
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = await typed(world, ...args)
    t.is(status, 2, args.join(' '))
    t.is(stdout, '', args.join(' '))
    t.regex(stderr, message, args.join(' '))
    t.notRegex(stderr, /\n {4}at /)
  }
}

/** Each call ends with status 1, one line on stderr that says why, and nothing on stdout. */
async function refusesEach(t: ExecutionContext, world: World, refused: readonly [string[], RegExp][]): Promise<void> {
  for (const [args, message] of refused) {
    const { status, stdout, stderr } = await typed(world, ...args)
    t.is(status, 1, args.join(' '))
    t.is(stdout, '', args.join(' '))
    t.regex(stderr, /^slipway: [^\n]+\n$/, args.join(' '))
    t.regex(stderr, message, args.join(' '))
  }
}
