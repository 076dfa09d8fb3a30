import test from 'ava'
import type { SubnetRequest } from 'slipway'
import { NO_TEXTS, refuses, UGLY_TEXTS, withNetworks, type Case } from '../helpers/bad-input.js'
import { ip } from '../helpers/world.js'

/** Bad subnets get a clear error and change nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

const code = 'INVALID_ARGUMENT'
const LONG = 'x'.repeat(100_000)

serial('subnets that are malformed, or cannot be a network of sandboxes', async (t) => {
  const { world, subnet, network } = await withNetworks(t)
  const given = (request: Partial<Record<keyof SubnetRequest, unknown>>) =>
    subnet({ subnet: '172.30.0.0/16', ...request })
  const noTexts = NO_TEXTS.filter((value) => value !== undefined)
  await refuses(
    t,
    world,
    ...[
      ...NO_TEXTS.filter((value) => !(typeof value === 'object' && value !== null && !Array.isArray(value))),
      ...UGLY_TEXTS,
    ].map((request): Case => [subnet(request), code, 'subnets[0]']),
    [subnet({}), code, 'subnets[0].subnet', 'missing'],
    [subnet({ subnet: '172.30.0.0/16', ip_range: '172.30.0.0/24' }), code, 'subnets[0]', '"ip_range"', 'ipRange'],
    [subnet(JSON.parse('{ "subnet": "172.30.0.0/16", "__proto__": "a" }')), code, 'subnets[0]', '"__proto__"'],
    ...(['subnet', 'gateway', 'ipRange'] as const).flatMap((name) =>
      [...noTexts, ...UGLY_TEXTS, LONG].map((value): Case => [given({ [name]: value }), code, `subnets[0].${name}`]),
    ),
    ...[
      ...noTexts.filter((value) => !(typeof value === 'object' && value !== null && !Array.isArray(value))),
      ...UGLY_TEXTS,
    ].map((value): Case => [given({ auxAddresses: value }), code, 'subnets[0].auxAddresses']),
    ...[...noTexts, ...UGLY_TEXTS, LONG].map((value): Case => [
      given({ auxAddresses: { a: value } }),
      code,
      'subnets[0].auxAddresses',
    ]),
    ...[
      '172.30.0.0',
      '172.30.0.0/33',
      '172.30.0.0/-1',
      '172.30.0.0/16/8',
      '172.30.0.0/016',
      '172.030.0.0/16',
      '172.30/16',
      '172.30.0.0/255.255.0.0',
      'fd00::/129',
      'fe80::1%eth0/64',
      '::ffff:10.0.0.0/104',
    ].map((text): Case => [subnet({ subnet: text }), code, 'subnets[0].subnet']),
    [subnet({ subnet: '172.30.0.5/16' }), code, 'host bits', '172.30.0.0/16'],
    [subnet({ subnet: 'fd00:1::1/64' }), code, 'host bits', 'fd00:1::/64'],
    ...['127.0.0.0/24', '224.0.0.0/24', '239.1.0.0/16', 'fe80::/64', 'ff02::/64'].map((text): Case => [
      subnet({ subnet: text }),
      code,
      'subnets[0].subnet',
      'overlaps',
    ]),
    [given({ gateway: '10.0.0.1' }), code, 'subnets[0].gateway', 'outside 172.30.0.0/16'],
    [given({ gateway: '172.30.0.0' }), code, 'subnets[0].gateway', "network's own"],
    [given({ gateway: '172.30.255.255' }), code, 'subnets[0].gateway', 'broadcast'],
    [given({ gateway: 'fd00::1' }), code, 'subnets[0].gateway', 'IPv6'],
    [subnet({ subnet: 'fd00:1::/64', gateway: 'fd00:1::' }), code, 'subnets[0].gateway', 'anycast'],
    [given({ ipRange: '10.0.0.0/24' }), code, 'subnets[0].ipRange', 'outside 172.30.0.0/16'],
    [given({ ipRange: '172.0.0.0/8' }), code, 'subnets[0].ipRange', 'larger than 172.30.0.0/16'],
    [given({ ipRange: '172.30.5.1/24' }), code, 'subnets[0].ipRange', 'host bits', '172.30.5.0/24'],
    [given({ ipRange: 'fd00::/64' }), code, 'subnets[0].ipRange', 'IPv6'],
    [given({ auxAddresses: { router: '10.0.0.1' } }), code, 'subnets[0].auxAddresses.router', 'outside 172.30.0.0/16'],
    [
      given({ gateway: '172.30.0.1', auxAddresses: { router: '172.30.0.1' } }),
      code,
      'subnets[0].auxAddresses.router',
      'gateway',
    ],
    [
      given({ auxAddresses: { router: '172.30.0.9', other: '172.30.0.9' } }),
      code,
      'subnets[0].auxAddresses.other',
      'auxAddresses.router',
    ],
    [subnet({ subnet: '172.30.0.0/32' }), code, '172.30.0.0/32', 'too small'],
    [subnet({ subnet: '172.30.0.0/30', auxAddresses: { a: '172.30.0.2' } }), code, 'too small'],
    [subnet({ subnet: '0.0.0.0/24', gateway: '172.30.0.1' }), code, 'subnets[0].gateway', 'any free one'],
    [subnet({ subnet: '0.0.0.0/24', ipRange: '172.30.0.0/25' }), code, 'subnets[0].ipRange', 'any free one'],
    [subnet({ subnet: '0.0.0.0/7' }), code, 'subnets[0].subnet', '/7'],
    [subnet({ subnet: 'fd00:1::/64' }, { ipv6: false }), code, 'subnets[0].subnet', 'ipv6 is off'],
    [subnet({ subnet: '172.30.0.0/16' }, { ipv4: false, ipv6: true }), code, 'subnets[0].subnet', 'ipv4 is off'],
    [
      network({ subnets: [{ subnet: '172.30.0.0/16' }, { subnet: '172.30.5.0/24' }] }),
      code,
      'subnets[1].subnet',
      'subnets[0].subnet',
      'apart',
    ],
    [network({ subnets: [{ subnet: 'fd00:1::/64' }, { subnet: 'fd00:1::/64' }] }), code, 'subnets[1].subnet', 'apart'],
  )
})

serial('subnets that somebody has', async (t) => {
  const { world, slipway, subnet } = await withNetworks(t)
  await slipway.networks.create({ name: 'theirs', subnets: [{ subnet: '10.30.0.0/16' }, { subnet: 'fd00:30::/64' }] })
  ip('-n', world.host.name, 'route', 'add', '10.20.0.0/16', 'dev', 'uplink')
  await refuses(
    t,
    world,
    ...['10.30.0.0/16', '10.30.7.0/24', '10.0.0.0/8'].map((text): Case => [
      subnet({ subnet: text }),
      'CONFLICT',
      'subnets[0].subnet',
      text,
      'not free',
    ]),
    [subnet({ subnet: '10.30.7.0/24' }), 'CONFLICT', 'the network theirs has 10.30.0.0/16', '0.0.0.0/24'],
    [subnet({ subnet: 'fd00:30::/80' }), 'CONFLICT', 'the network theirs has fd00:30::/64', '::/80'],
    [subnet({ subnet: '10.20.1.0/24' }), 'CONFLICT', 'the route 10.20.0.0/16'],
    [subnet({ subnet: '192.0.2.0/25' }), 'CONFLICT', '192.0.2.0/2'],
    [subnet({ subnet: '172.17.0.0/16' }), 'CONFLICT', '172.17.0.0/16'],
  )
})
