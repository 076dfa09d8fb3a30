import test from 'ava'
import { inFlags } from '#lib/cli/in-flags.js'
import { listFilters, pruneFilters } from '#lib/cli/network/filters.js'
import { subnetRequests, type SubnetFlags } from '#lib/cli/network/subnets.js'
import type { SubnetRequest } from 'slipway'

test('gateways, ranges and auxiliary addresses go to the subnet that they lie in', (t) => {
  const given: [SubnetFlags, SubnetRequest[]][] = [
    [{}, []],
    [{ subnet: ['172.20.0.0/16'] }, [{ subnet: '172.20.0.0/16' }]],
    [
      {
        subnet: ['10.1.0.0/24', '10.2.0.0/24', 'fd00::/64'],
        gateway: ['fd00::9', '10.2.0.9'],
        ipRange: ['10.1.0.128/25'],
        auxAddress: { a: '10.2.0.5', b: '10.1.0.5', c: '10.2.0.6' },
      },
      [
        { subnet: '10.1.0.0/24', ipRange: '10.1.0.128/25', auxAddresses: { b: '10.1.0.5' } },
        { subnet: '10.2.0.0/24', gateway: '10.2.0.9', auxAddresses: { a: '10.2.0.5', c: '10.2.0.6' } },
        { subnet: 'fd00::/64', gateway: 'fd00::9' },
      ],
    ],
    [
      { subnet: ['0.0.0.0/24', '0.0.0.0/24', '::/64'] },
      [{ subnet: '0.0.0.0/24' }, { subnet: '0.0.0.0/24' }, { subnet: '::/64' }],
    ],
  ]
  for (const [flags, requests] of given) t.deepEqual(subnetRequests(flags), requests)
})

test('what lies in no subnet, or in one that has it already, is refused', (t) => {
  const web = { subnet: ['172.20.0.0/16'] }
  const wrong: [SubnetFlags, RegExp][] = [
    [{ subnet: ['x'] }, /^--subnet "x" is no CIDR/],
    [{ subnet: ['10.0.0.0/8', '10.1.0.0/16'] }, /^--subnet 10\.1\.0\.0\/16 overlaps --subnet 10\.0\.0\.0\/8\./],
    [
      { gateway: ['172.20.0.1'] },
      /^--gateway 172\.20\.0\.1 goes with the subnet that it lies in\. Give that, too: --subnet 172\.20\.0\.0\/16\.$/,
    ],
    [{ ipRange: ['fd00::/80'] }, /^--ip-range fd00::\/80 goes with .* --subnet fd00:1:2:3::\/64\.$/],
    [
      { ...web, gateway: ['10.0.0.1'] },
      /^--gateway 10\.0\.0\.1 lies in no subnet of the network \(172\.20\.0\.0\/16\)/,
    ],
    [{ ...web, gateway: ['router'] }, /^--gateway router: "router" is no IP address/],
    [
      { ...web, gateway: ['172.20.0.1', '172.20.0.2'] },
      /^--gateway 172\.20\.0\.2 and --gateway 172\.20\.0\.1 lie in the same subnet 172\.20\.0\.0\/16/,
    ],
    [{ ...web, ipRange: ['172.20.0.0'] }, /^--ip-range "172\.20\.0\.0" is no CIDR/],
    [
      { ...web, ipRange: ['172.20.0.0/12'] },
      /^--ip-range 172\.20\.0\.0\/12 is larger than the subnet 172\.20\.0\.0\/16/,
    ],
    [{ ...web, ipRange: ['172.20.1.0/24', '172.20.2.0/24'] }, /lie in the same subnet/],
    [{ ...web, auxAddress: { a: '10.0.0.1' } }, /^--aux-address a=10\.0\.0\.1 lies in no subnet/],
  ]
  for (const [flags, message] of wrong) t.throws(() => subnetRequests(flags), { message })
})

test('filters of ls and prune', (t) => {
  t.deepEqual(listFilters([]), {})
  t.deepEqual(listFilters(['driver=bridge', 'driver=null', 'label=a', 'label=b=c=d', 'type=custom', 'dangling=1']), {
    driver: ['bridge', 'null'],
    label: ['a', 'b=c=d'],
    type: 'custom',
    dangling: true,
  })
  t.deepEqual(pruneFilters(['label!=keep', 'until=24h']), { label: ['!keep'], until: '24h' })
  for (const wrong of ['name', 'name=', '=x', 'scope=local', 'name!=x'])
    t.throws(() => listFilters([wrong]), { message: /KEY=VALUE/ }, wrong)
  for (const wrong of ['until=soon', 'name=web'])
    t.throws(() => pruneFilters([wrong]), { message: /^--filter / }, wrong)
})

test('what the library says of its options is said of flags', (t) => {
  const said: [string, string][] = [
    ['Slipway.open: fixedCidr must be an IPv4 address', '--fixed-cidr must be an IPv4 address'],
    [
      'bip: the bridge docker0 exists with bip 10.0.0.1/8. Leave bip out',
      '--bip: the bridge docker0 exists with bip 10.0.0.1/8. Leave --bip out',
    ],
    [
      'The address 10.0.0.1 is in use. Choose another, or leave ip6 out and a free one is taken.',
      'The address 10.0.0.1 is in use. Choose another, or leave --ip6 out and a free one is taken.',
    ],
    ['subnets[2].auxAddresses.router 10.0.0.1 is subnets[0].gateway', '--aux-address router 10.0.0.1 is --gateway'],
    [
      'aliases does not go. Create a network: slipway.networks.create({ name: "web" }).',
      '--network-alias does not go. Create a network: slipway network create web.',
    ],
    ['connect: gwPriority must be a whole number', '--gw-priority must be a whole number'],
    ['The sandbox ip is not on the network dns.', 'The sandbox ip is not on the network dns.'],
    ['There is no sandbox "gwPriority". Give gwPriority.', 'There is no sandbox "gwPriority". Give --gw-priority.'],
    [
      'defaultAddressPools: base "x" is no CIDR, as in { base: \'172.17.0.0/12\', size: 16 }.',
      '--default-address-pool: base "x" is no CIDR, as in base=172.17.0.0/12,size=16.',
    ],
    ['options: mtu 1200 (as Slipway.open has it) is too narrow', '--opt: mtu 1200 (as --mtu has it) is too narrow'],
    ['There is no file "/etc/iptables/rules.v4".', 'There is no file "/etc/iptables/rules.v4".'],
  ]
  for (const [library, command] of said) t.is(inFlags(library), command)
  t.is(inFlags('networks.create: name must be short', { name: 'NAME' }), 'NAME must be short')
})
