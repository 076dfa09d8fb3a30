import test from 'ava'
import type { Plan } from '#lib/plan/operation.js'
import { printOperation, printPlan } from '#lib/plan/print.js'
import { printStatement } from '#lib/plan/print-nft.js'

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
  t.is(printOperation({ op: 'link.set', name: 'lo', alias: "it's $HOME" }), `ip link set dev lo alias 'it'\\''s $HOME'`)
  t.is(printOperation({ op: 'link.set', name: 'lo', alias: '' }), "ip link set dev lo alias ''")
  t.is(
    printOperation({ op: 'sysctl.write', key: 'net.ipv4.ping_group_range', value: '0 10' }),
    "sysctl -qw net.ipv4.ping_group_range='0 10'",
  )
})

test('a namespace without a name is entered by its path', (t) => {
  const netns = '/proc/4242/ns/net'
  t.is(printOperation({ op: 'link.set', netns, name: 'lo', up: true }), `nsenter --net=${netns} ip link set dev lo up`)
  t.is(
    printOperation({ op: 'sysctl.write', netns, key: 'net.ipv4.ip_forward', value: '1' }),
    `nsenter --net=${netns} sysctl -qw net.ipv4.ip_forward=1`,
  )
  t.is(
    printOperation({
      op: 'link.create',
      netns: '/run/netns/a',
      name: 'v',
      kind: 'veth',
      peer: { netns, name: 'eth0' },
    }),
    `ip -n a link add name v type veth peer name eth0 netns ${netns}`,
  )
  t.is(
    printOperation({ op: 'link.delete', netns: "/tmp/it's/net", name: 'v' }),
    `nsenter --net='/tmp/it'\\''s/net' ip link delete dev v`,
  )
})

test('what is of IPv6 says so where nothing else tells', (t) => {
  t.is(
    printOperation({ op: 'route.add', destination: 'default', link: 'eth0', family: 6 }),
    'ip -6 route add default dev eth0',
  )
  t.is(printOperation({ op: 'route.add', destination: 'default', link: 'eth0' }), 'ip route add default dev eth0')
  t.is(
    printOperation({ op: 'route.delete', destination: 'default', gateway: 'fd00::1' }),
    'ip route delete default via fd00::1',
  )
  t.is(
    printOperation({ op: 'address.add', link: 'eth0', address: 'fd00::2/64' }),
    'ip address add fd00::2/64 dev eth0 nodad',
  )
  t.is(
    printOperation({ op: 'conntrack.flush', addresses: ['fd00::2'] }).split('; ')[0],
    'conntrack -D -f ipv6 --orig-src fd00::2 || true',
  )
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
  t.is(
    printStatement({ match: ['ct state'], operation: '&', value: 'established,related' }),
    'ct state established,related',
  )
  t.is(printStatement({ match: ['ip saddr', 'oifname'], operation: 'in', value: 'same' }), 'ip saddr . oifname @same')
  t.is(printStatement({ match: ['oifname'], operation: 'not in', value: 'bridges' }), 'oifname != @bridges')
  t.is(
    printStatement({ match: ['ct state'], operation: '!&', value: 'established,related' }),
    'ct state ! established,related',
  )
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
  t.is(
    printStatement({ nat: 'snat', family: 'ip', match: ['iifname'], value: 'source' }),
    'snat ip to iifname map @source',
  )
  t.is(printStatement({ set: 'ip6 saddr', match: ['@th,64,128'] }), 'ip6 saddr set @th,64,128')
  t.is(printStatement({ verdict: 'goto into' }), 'goto into')
  t.is(printStatement({ verdict: 'jump user' }), 'jump user')
})

test("an element that is deleted only as its owner's says so", (t) => {
  t.is(
    printOperation({
      op: 'element.delete',
      family: 'inet',
      table: 'slipway',
      set: 'addresses4',
      type: 'ipv4_addr',
      elements: [{ key: '172.17.0.2', comment: 'app (0123456789ab)' }],
      ifCommented: true,
    }),
    'nft delete element inet slipway addresses4 { 172.17.0.2 } # if its comment is "app (0123456789ab)"',
  )
})
