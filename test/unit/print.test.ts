import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import test from 'ava'
import * as bridge from '#lib/drivers/bridge.js'
import { createNetwork, removeNetwork } from '#lib/drivers/bridge-network.js'
import { bridgeEndpoint } from '#lib/drivers/endpoint.js'
import * as host from '#lib/drivers/host.js'
import * as none from '#lib/drivers/none.js'
import { rulesetPlan } from '#lib/firewall/ruleset.js'
import type { NetworkSpec } from '#lib/network/spec.js'
import type { Plan } from '#lib/plan/operation.js'
import { printOperation, printPlan } from '#lib/plan/print.js'
import { printStatement } from '#lib/plan/print-nft.js'
import type { PortMapping } from '#lib/ports/mapping.js'

// Golden plans: test/plans/NAME.txt is what is printed, for people to review. `UPDATE_PLANS=1` writes them anew.
// test/kernel runs printed plans by a shell.

const folder = new URL('../../test/plans/', import.meta.url)
const update = process.env['UPDATE_PLANS'] === '1'

const network: NetworkSpec = {
  id: 'fedcba9876543210'.repeat(4),
  name: 'bridge',
  bridge: 'docker0',
  mac: '02:42:ac:11:00:01',
  mtu: 1500,
  subnets: [{ family: 4, subnet: '172.17.0.0/16', prefix: 16, address: '172.17.0.1', gateway: '172.17.0.1', broadcast: '172.17.255.255', aux: {} }],
  families: { 4: { mode: 'nat', masquerade: true }, 6: { mode: 'nat', masquerade: true } },
  internal: false,
  icc: true,
  trusted: [],
  interfacePrefix: 'eth',
  hostIps: { 4: '0.0.0.0', 6: '::' },
  stateDir: '/run/slipway',
}
const path = '/run/netns/web'
const record = { path: '/run/slipway/sandboxes/web.json', content: '{"name":"web"}\n' }
const [subnet] = network.subnets
if (!subnet) throw new RangeError('a network without a subnet')
const endpoint = bridgeEndpoint(network, '0123456789abcdef'.repeat(4), 'eth0', { 4: { address: '172.17.0.2', subnet } }, {})
const sandbox: bridge.BridgeSandbox = { path, endpoints: [endpoint], ports: [], owner: 'web 0123456789ab', record }
const plain = { hairpin: false }

const http: PortMapping = { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }
const https: PortMapping = { protocol: 'tcp', containerPort: 443, hostIp: '127.0.0.1', hostPort: 8443 }
const dns: PortMapping = { protocol: 'udp', containerPort: 53, hostIp: '0.0.0.0', hostPort: 5353 }
const dnsHere: PortMapping = { ...dns, hostIp: '192.0.2.1', hostPort: 53 }
const several = [http, https, dns, dnsHere]
const change = {
  path,
  endpoints: [endpoint],
  owner: sandbox.owner,
  record: { path: record.path, before: record.content, content: '{"name":"web","ports":4}\n' },
}

const plans: Record<string, Plan> = {
  'ruleset': rulesetPlan(),
  'network-create': createNetwork(network),
  'network-create-without-icc': createNetwork({ ...network, icc: false }),
  'network-create-without-masquerade': createNetwork({ ...network, families: { 4: { mode: 'nat', masquerade: false } } }),
  'network-remove': removeNetwork(network),
  'bridge-create': bridge.createSandbox(sandbox, plain),
  'bridge-create-one-port': bridge.createSandbox({ ...sandbox, ports: [http] }, plain),
  'bridge-create-several-ports': bridge.createSandbox({ ...sandbox, ports: several }, plain),
  'bridge-create-hairpin': bridge.createSandbox(sandbox, { hairpin: true }),
  'bridge-remove': bridge.removeSandbox(sandbox, false),
  'bridge-remove-several-ports': bridge.removeSandbox({ ...sandbox, ports: several }, false),
  'bridge-publish': bridge.publishPorts({ ...change, ports: [] }, several),
  'bridge-unpublish': bridge.unpublishPorts({ ...change, ports: several }, several),
  'none-create': none.createSandbox({ path, foreign: false, record }),
  'none-remove': none.removeSandbox({ path, foreign: false, record }),
  'host-create': host.createSandbox({ record }),
  'host-remove': host.removeSandbox({ record }),
}

for (const [name, plan] of Object.entries(plans)) {
  test(`the plan ${name}`, (t) => {
    const file = new URL(`${name}.txt`, folder)
    const text = printPlan(plan)
    if (update) writeFileSync(file, text)
    t.true(existsSync(file), `${file.pathname} is missing: UPDATE_PLANS=1 writes it`)
    t.is(text, readFileSync(file, 'utf8'))
  })
}

test('every golden plan is still printed', (t) => {
  t.deepEqual(readdirSync(folder).sort(), Object.keys(plans).map((name) => `${name}.txt`).sort())
})

test('neighbouring nf_tables operations are one transaction, others cut it', (t) => {
  const table = (name: string): Plan[number] => ({ op: 'table.add', family: 'inet', table: name })
  t.is(
    printPlan([table('a'), table('b'), { op: 'link.set', name: 'lo', up: true }, table('c')]),
    [
      "nft -f - <<'NFT'",
      'create table inet a',
      'create table inet b',
      'NFT',
      'ip link set dev lo up',
      "nft -f - <<'NFT'",
      'create table inet c',
      'NFT',
      '',
    ].join('\n'),
  )
  t.is(printPlan([]), '')
})

test('texts are quoted for the shell where they need it', (t) => {
  t.is(
    printOperation({ op: 'link.set', name: 'lo', alias: "it's $HOME" }),
    `ip link set dev lo alias 'it'\\''s $HOME'`,
  )
  t.is(printOperation({ op: 'link.set', name: 'lo', alias: '' }), "ip link set dev lo alias ''")
  t.is(printOperation({ op: 'sysctl.write', key: 'net.ipv4.ping_group_range', value: '0 10' }), "sysctl -qw net.ipv4.ping_group_range='0 10'")
})

test('a namespace without a name is entered by its path', (t) => {
  const netns = '/proc/4242/ns/net'
  t.is(printOperation({ op: 'link.set', netns, name: 'lo', up: true }), `nsenter --net=${netns} ip link set dev lo up`)
  t.is(printOperation({ op: 'sysctl.write', netns, key: 'net.ipv4.ip_forward', value: '1' }), `nsenter --net=${netns} sysctl -qw net.ipv4.ip_forward=1`)
  t.is(
    printOperation({ op: 'link.create', netns: '/run/netns/a', name: 'v', kind: 'veth', peer: { netns, name: 'eth0' } }),
    `ip -n a link add name v type veth peer name eth0 netns ${netns}`,
  )
  t.is(printOperation({ op: 'link.delete', netns: "/tmp/it's/net", name: 'v' }), `nsenter --net='/tmp/it'\\''s/net' ip link delete dev v`)
})

test('what is of IPv6 says so where nothing else tells', (t) => {
  t.is(printOperation({ op: 'route.add', destination: 'default', link: 'eth0', family: 6 }), 'ip -6 route add default dev eth0')
  t.is(printOperation({ op: 'route.add', destination: 'default', link: 'eth0' }), 'ip route add default dev eth0')
  t.is(printOperation({ op: 'route.delete', destination: 'default', gateway: 'fd00::1' }), 'ip route delete default via fd00::1')
  t.is(printOperation({ op: 'address.add', link: 'eth0', address: 'fd00::2/64' }), 'ip address add fd00::2/64 dev eth0 nodad')
  t.is(printOperation({ op: 'conntrack.flush', protocol: 'sctp', port: 80, family: 6 }), 'conntrack -D -f ipv6 -p sctp --orig-port-dst 80 --reply-port-src 80 || true')
})

test('one operation with several elements is one line', (t) => {
  const elements = [{ key: 'docker0' }, { key: 'br1', comment: 'one' }]
  t.is(
    printOperation({ op: 'element.add', family: 'inet', table: 'slipway', set: 'bridges', type: 'ifname', elements }),
    'nft create element inet slipway bridges { "docker0" }; nft create element inet slipway bridges { "br1" comment "one" }',
  )
})

test('statements read as nft writes them', (t) => {
  t.is(printStatement({ match: ['iifname'], operation: '!=', value: 'lo' }), 'iifname != "lo"')
  t.is(printStatement({ match: ['ip daddr'], operation: '==', value: '127.0.0.0/8' }), 'ip daddr 127.0.0.0/8')
  t.is(printStatement({ match: ['ct state'], operation: '&', value: 'established,related' }), 'ct state established,related')
  t.is(printStatement({ match: ['ip saddr', 'oifname'], operation: 'in', value: 'same' }), 'ip saddr . oifname @same')
  t.is(printStatement({ match: ['oifname'], operation: 'not in', value: 'bridges' }), 'oifname != @bridges')
  t.is(printStatement({ match: ['ct state'], operation: '!&', value: 'established,related' }), 'ct state ! established,related')
  t.is(
    printStatement({ match: ['ether daddr'], operation: '&', value: '01:00:00:00:00:00' }),
    'ether daddr & 01:00:00:00:00:00 != 00:00:00:00:00:00',
  )
  t.is(
    printStatement({ match: ['ether daddr'], operation: '!&', value: '01:00:00:00:00:00' }),
    'ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00',
  )
  t.is(
    printStatement({ nat: 'dnat', family: 'ip6', match: ['meta l4proto', 'th dport'], value: 'ports', port: true }),
    'dnat ip6 to meta l4proto . th dport map @ports',
  )
  t.is(printStatement({ nat: 'snat', family: 'ip', match: ['iifname'], value: 'source' }), 'snat ip to iifname map @source')
  t.is(printStatement({ set: 'ip6 saddr', match: ['@th,64,128'] }), 'ip6 saddr set @th,64,128')
  t.is(printStatement({ verdict: 'goto into' }), 'goto into')
  t.is(printStatement({ verdict: 'jump user' }), 'jump user')
})
