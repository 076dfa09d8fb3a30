import test, { type ExecutionContext } from 'ava'
import type { Sandbox } from 'slipway'
import type { Finding } from '#lib/cli/doctor/finding.js'
import { checkFirewalls } from '#lib/cli/doctor/firewalls.js'
import { checkForwarding } from '#lib/cli/doctor/forwarding.js'
import { checkIpv6 } from '#lib/cli/doctor/host.js'
import { looking } from '#lib/cli/looking.js'
import { readOpenOptions } from '#lib/api/options.js'
import type { Context } from '#lib/work/context.js'
import {
  eventually,
  execIn,
  HOST_ADDRESS,
  ip,
  listenTo,
  NEIGHBOUR_ADDRESS,
  runIn,
  setSysctl,
  World,
  type Place,
} from '../helpers/world.js'

/**
 * Firewalls of others, and settings of the host, that drop what sandboxes send and are sent: doctor names table, chain,
 * rule and counter, and a line that lets it through. That line is typed here as it stands.
 */

const examine = (world: World, check: (context: Context) => Promise<Finding[]>) =>
  looking(readOpenOptions({ netns: world.host.path, stateDir: world.stateDir }), check)

/** What an administrator types there. */
const type = (place: Place, line: string) => execIn(place, 'sh', '-euc', line)

const ALL = 'yes yes yes'
/** Whether sandboxes reach the world, the world a published port, a sandbox the resolver of its network. */
async function reached(world: World, app: Sandbox, expected: string): Promise<string> {
  // Nobody waits long for what should not come.
  const patience = expected.split(' ').map((one) => (one === 'yes' ? '10' : '.4'))
  const answers = async (place: Place, address: string, port: number, seconds = '10') => {
    const { code } = await runIn(place, 'timeout', seconds, 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`)
    return code === 0 ? 'yes' : 'no'
  }
  return (
    await Promise.all([
      answers(app, NEIGHBOUR_ADDRESS, 8000, patience[0]),
      answers(world.neighbour, HOST_ADDRESS, 8080, patience[1]),
      answers(app, '10.7.0.1', 53, patience[2]),
    ])
  ).join(' ')
}

const nft = (...lines: string[]) => lines.map((line) => `nft '${line}'`).join('; ')

interface Case {
  typed: string
  /** Of the first finding. */
  finding: RegExp
  /** To the world, from it, names: before the advice is typed. */
  before: string
  status?: 'note'
}

const CASES: Readonly<Record<string, Case>> = {
  'a policy of a table that anybody may have made, which an accept of ours does not outvote': {
    typed: nft(
      'add table inet mine',
      'add chain inet mine pass { type filter hook forward priority 10; policy drop; }',
    ),
    finding: /^inet mine, chain pass \(forward\): its policy drops packets of ours: .*br-web.*; nothing counts them$/,
    before: 'no no yes',
  },
  'a last rule, behind one for what has begun': {
    typed: nft(
      'add table ip hardened',
      'add chain ip hardened f { type filter hook forward priority 0; policy accept; }',
      'add rule ip hardened f ct state established,related accept',
      'add rule ip hardened f iifname "eth9" accept',
      'add rule ip hardened f counter reject',
    ),
    finding: /^ip hardened, chain f \(forward\): rule 3 of its chain f drops .*; its counter is at \d+ packets$/,
    before: 'no no yes',
  },
  'a rule in a chain that is jumped to, about what sandboxes send': {
    typed: nft(
      'add table inet firewalld',
      'add chain inet firewalld in',
      'add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }',
      'add rule inet firewalld in ip saddr 10.7.0.0/16 counter drop',
      'add rule inet firewalld filter_FORWARD meta l4proto tcp jump in',
    ),
    finding:
      /chain filter_FORWARD \(forward\): rule 1 of its chain in drops packets of ours: sandboxes reach nobody outside \(br-web\); published ports answer nobody \(br-web\); its counter/,
    before: 'no no yes',
  },
  'input that lets in what the host itself serves': {
    typed: nft(
      'add table inet filter',
      'add chain inet filter input { type filter hook input priority 0; policy drop; }',
      'add rule inet filter input ct state established,related accept',
      'add rule inet filter input tcp dport 22 accept',
      'add rule inet filter input iifname { "lo", "eth9" } accept',
    ),
    finding: /^inet filter, chain input \(input\): its policy drops .*sandboxes get no names/,
    before: 'yes yes no',
    status: 'note',
  },
  prerouting: {
    typed: nft(
      'add table ip early',
      'add chain ip early raw { type filter hook prerouting priority -310; policy accept; }',
      'add rule ip early raw iifname "br-*" drop',
    ),
    finding: /^ip early, chain raw \(prerouting\): rule 1 of its chain raw drops/,
    before: 'no no no',
  },
  "iptables' newer half": {
    typed: 'iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    finding: /^ip filter, chain FORWARD \(forward\): its policy drops .*; (nothing counts them|its counter is at)/,
    before: 'no no yes',
  },
  "iptables' older half": {
    typed:
      'iptables-legacy -P FORWARD DROP; iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment known -j ACCEPT; iptables-legacy -A FORWARD -i eth9 -p tcp --dport 22 -j ACCEPT',
    finding:
      /^iptables-legacy filter, chain FORWARD \(forward\): its policy drops .*; its counter is at [1-9]\d* packets$/,
    before: 'no no yes',
  },
  "a chain of one's own there, and what Docker keeps for others": {
    typed:
      'iptables-legacy -N DOCKER-USER; iptables-legacy -N LAST; iptables-legacy -A FORWARD -j DOCKER-USER; iptables-legacy -A FORWARD -j LAST; iptables-legacy -A LAST ! -i lo -j REJECT',
    finding:
      /^iptables-legacy filter, chain FORWARD \(forward\): rule 1 of its chain LAST drops .*; its counter is at [1-9]/,
    before: 'no no yes',
  },
}

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  ip('-n', world.host.name, 'route', 'add', 'default', 'via', NEIGHBOUR_ADDRESS)
  const slipway = await world.open()
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }],
    options: { 'com.docker.network.bridge.name': 'br-web' },
  })
  await slipway.networks.create({ name: 'shut', internal: true })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80'] })
  const serve = 'import socket, time\ns = socket.create_server(("", PORT))\nprint(1, flush=True)\ntime.sleep(600)'
  for (const [place, port] of [
    [app, 80],
    [world.neighbour, 8000],
  ] as const) {
    const said = listenTo(t, place, 'python3', '-c', serve.replace('PORT', String(port)))
    t.true(await eventually(() => said() !== '', 10_000))
  }
  return { world, slipway, app }
}

test.serial('what drops packets of ours is named, and the line that is advised lets them through', async (t) => {
  const { world, app } = await setUp(t)
  const check = () => examine(world, checkFirewalls)
  t.deepEqual(await check(), [{ check: 'firewalls', status: 'ok', finding: 'no other firewall' }])
  t.is(await reached(world, app, ALL), ALL)
  const empty = execIn(world.host, 'nft', '-s', 'list', 'ruleset')
  for (const [title, { typed, finding, before, status = 'problem' }] of Object.entries(CASES)) {
    type(world.host, typed)
    t.is(await reached(world, app, before), before, title)
    const found = await check()
    t.regex(found[0]?.finding ?? '', finding, title)
    t.true(
      found.some((one) => one.status === status),
      title,
    )
    for (const { advice = '' } of found) type(world.host, advice)
    t.is(await reached(world, app, ALL), ALL, `${title}: after the advice`)
    const after = await check()
    t.deepEqual(
      after.map((one) => one.status),
      ['ok'],
      `${title}: ${after[0]?.finding}`,
    )
    for (const table of execIn(world.host, 'nft', 'list', 'tables').trim().split('\n'))
      if (!table.endsWith(' slipway')) execIn(world.host, 'nft', 'delete', ...table.split(' '))
    type(world.host, 'for f in P\\ FORWARD\\ ACCEPT F X; do iptables-legacy -$f; done')
  }
  t.is(execIn(world.host, 'nft', '-s', 'list', 'ruleset'), empty)
})

test.serial('a firewall that lets us through, and one on the level of frames', async (t) => {
  const world = new World(t)
  await world.create(await world.open(), 'app')
  type(
    world.host,
    nft(
      'add table inet fine',
      'add chain inet fine f { type filter hook forward priority 0; policy drop; }',
      'add rule inet fine f iifname "docker0" accept',
      'add rule inet fine f oifname "docker0" accept',
    ),
  )
  t.deepEqual(await examine(world, checkFirewalls), [
    { check: 'firewalls', status: 'ok', finding: 'inet fine: it lets through what has to pass' },
  ])
  type(
    world.host,
    nft('add table bridge b', 'add chain bridge b f { type filter hook forward priority 0; policy drop; }'),
  )
  const [found] = await examine(world, checkFirewalls)
  t.regex(found?.finding ?? '', /^bridge b, chain f \(forward\): its policy drops/)
  type(world.host, found?.advice ?? '')
  t.is((await examine(world, checkFirewalls))[0]?.status, 'ok')
})

test.serial('a rule of others between ours that decides about everything', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'app')
  const heard: string[] = []
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  void (async () => {
    for await (const { attributes } of slipway.events({ action: 'warning', signal: controller.signal }))
      heard.push(attributes['message'] ?? '')
  })().catch(() => undefined)
  const ok = [{ check: 'firewalls', status: 'ok' as const, finding: 'no other firewall' }]
  const rules = [
    'insert rule inet slipway user drop',
    'insert rule inet slipway forward ip saddr 203.0.113.7 drop',
    'insert rule bridge slipway sender meta mark set 7',
  ]
  for (const rule of rules) execIn(world.host, 'nft', rule)
  t.deepEqual(await examine(world, checkFirewalls), ok, 'in the chain that is for them, or about some packets')
  execIn(world.host, 'nft', 'insert rule bridge slipway sender counter accept comment "mine"')
  const [found, ...rest] = await examine(world, checkFirewalls)
  t.deepEqual(rest, [])
  t.like(found, { check: 'firewalls', status: 'problem' })
  const said = /^bridge slipway, chain sender: rule 1 is not Slipway's, and accepts whatever comes to it/
  t.regex(found?.finding ?? '', said)
  t.true(await eventually(() => heard.some((message) => said.test(message) && message.includes(found?.advice ?? ''))))
  type(world.host, found?.advice ?? '')
  t.deepEqual(await examine(world, checkFirewalls), ok)
  const between = execIn(world.host, 'nft', 'list', 'ruleset')
  t.true(between.includes('ip saddr 203.0.113.7 drop') && between.includes('meta mark set 0x00000007'))
})

test.serial('forwarding that is off on one link only', async (t) => {
  const { world, app } = await setUp(t)
  for (const link of ['br-web', 'uplink']) {
    setSysctl(world.host, `net/ipv4/conf/${link}/forwarding`, '0')
    t.is(await reached(world, app, 'no no yes'), 'no no yes', link)
    const [found] = await examine(world, checkForwarding)
    t.like(found, { status: 'problem', advice: `sysctl -w net/ipv4/conf/${link}/forwarding=1` })
    type(world.host, found?.advice ?? '')
    t.is(await reached(world, app, ALL), ALL)
    t.deepEqual(await examine(world, checkForwarding), [{ check: 'ip_forward', status: 'ok', finding: 'on' }])
  }
  const slipway = await world.open()
  await slipway.networks.create({ name: 'six', ipv6: true, options: { 'com.docker.network.bridge.name': 'br-six' } })
  setSysctl(world.host, 'net/ipv6/conf/br-six/forwarding', '0')
  const [found] = await examine(world, checkIpv6)
  t.like(found, { status: 'problem', advice: 'sysctl -w net/ipv6/conf/br-six/forwarding=1' })
})
