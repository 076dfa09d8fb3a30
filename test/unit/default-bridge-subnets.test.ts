import test from 'ava'
import fc from 'fast-check'
import { SlipwayError } from '#lib/index.js'
import { defaultBridgeSubnets, type DefaultBridgeOptions } from '#lib/claims/addresses/default-bridge-subnets.js'
import { DEFAULT_POOLS, type Occupied } from '#lib/claims/addresses/default-subnet.js'
import { nth, overlap, parseSubnet, printSubnet, type Subnet } from '#lib/base/addresses/subnet.js'

const subnetOf = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}
const pools = [...DEFAULT_POOLS, { base: 'fd12:3456:789a::/48', size: 64 }]
const occupied = (texts: readonly string[]): Occupied[] =>
  texts.map((text) => ({ subnet: subnetOf(text), what: `the host has the route ${text}` }))
const subnets = (options: DefaultBridgeOptions, taken: readonly string[] = []) =>
  defaultBridgeSubnets(options, { pools, occupied: occupied(taken) })
const cidr = (min: number, max: number) =>
  fc.tuple(fc.ipV4(), fc.integer({ min, max })).map(([address, prefix]) => `${address}/${prefix}`)

test('bip is the bridge, and its subnet the network; or it is refused', (t) => {
  const special = ['0.0.0.0/0', '127.0.0.0/8', '224.0.0.0/4'].map(subnetOf)
  fc.assert(
    fc.property(cidr(8, 32), fc.array(cidr(4, 30), { maxLength: 4 }), (bip, others) => {
      const [address = ''] = bip.split('/')
      const subnet = subnetOf(bip)
      const edge = subnet.prefix < 31 && [nth(subnet, 0), nth(subnet, -1)].includes(address)
      const unfit =
        edge || subnet.prefix === 32 || subnet.first === 0n || special.slice(1).some((other) => overlap(other, subnet))
      const clash = others.some((other) => overlap(subnetOf(other), subnet))
      try {
        const [one, ...more] = subnets({ bip }, others)
        const broadcast = subnet.prefix < 31 ? { broadcast: nth(subnet, -1) } : {}
        t.deepEqual(one, {
          family: 4,
          subnet: printSubnet(subnet),
          prefix: subnet.prefix,
          address,
          gateway: address,
          aux: {},
          ...broadcast,
        })
        t.deepEqual(more, [])
        t.false(unfit || clash)
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error
        t.true(error.code === 'CONFLICT' ? clash : unfit, error.message)
        t.regex(error.message, /^bip /)
      }
    }),
  )
})

test('without bip, the first free pool', (t) => {
  t.like(subnets({}, ['172.17.5.0/24'])[0], {
    subnet: '172.18.0.0/16',
    address: '172.18.0.1',
    gateway: '172.18.0.1',
    broadcast: '172.18.255.255',
  })
  t.like(subnets({ fixedCidr: '172.17.8.0/24', defaultGateway: '172.17.0.9' })[0], {
    subnet: '172.17.0.0/16',
    address: '172.17.0.1',
    range: '172.17.8.0/24',
    gateway: '172.17.0.9',
  })
  t.like(subnets({ bip: '10.0.0.1/16', fixedCidr: '10.0.7.7/24' })[0], { range: '10.0.7.0/24' })
})

test('fixedCidrV6 is the IPv6 subnet; with bip6, a part of it', (t) => {
  const v6 = (options: DefaultBridgeOptions) => subnets(options)[1]
  t.is(v6({}), undefined)
  t.deepEqual(v6({ fixedCidrV6: 'fd00:1::/64' }), {
    family: 6,
    subnet: 'fd00:1::/64',
    prefix: 64,
    address: 'fd00:1::1',
    gateway: 'fd00:1::1',
    aux: {},
  })
  t.like(v6({ fixedCidrV6: 'fd00:1::/64', defaultGatewayV6: 'fd00:1::99' }), {
    address: 'fd00:1::1',
    gateway: 'fd00:1::99',
  })
  t.like(v6({ fixedCidrV6: 'fd00:1::/64', defaultGatewayV6: 'fd00:1::1' }), {
    address: 'fd00:1::2',
    gateway: 'fd00:1::1',
  })
  t.like(v6({ bip6: 'fd00:1::7/64', fixedCidrV6: 'fd00:1::8000/113' }), {
    subnet: 'fd00:1::/64',
    address: 'fd00:1::7',
    range: 'fd00:1::8000/113',
  })
  t.like(v6({ ipv6: true }), { subnet: 'fd12:3456:789a::/64', address: 'fd12:3456:789a::1' })
  t.like(subnets({ ipv6: true }, ['fd12:3456:789a::/64', 'fd12:3456:789a:1::1/128'])[1], {
    subnet: 'fd12:3456:789a:2::/64',
  })
})

test('what is wrong is refused in the words of daemon.json', (t) => {
  const cases: [DefaultBridgeOptions, SlipwayError['code'], RegExp][] = [
    [{ bip: 'fd00::1/64' }, 'INVALID_ARGUMENT', /^bip "fd00::1\/64" is not an address with prefix of IPv4/],
    [{ bip: '10.0.0.0/24' }, 'INVALID_ARGUMENT', /^bip 10\.0\.0\.0 is the network's own address/],
    [{ bip: '10.0.0.255/24' }, 'INVALID_ARGUMENT', /^bip 10\.0\.0\.255 is the broadcast address/],
    [{ bip: '10.0.0.1/32' }, 'INVALID_ARGUMENT', /^bip 10\.0\.0\.1\/32 is too small/],
    [
      { bip: '192.0.2.1/24' },
      'CONFLICT',
      /^bip 192\.0\.2\.0\/24 is not free: the host has the route 192\.0\.2\.0\/25\. .* leave bip out/,
    ],
    [
      { bip: '10.0.0.1/24', fixedCidr: '10.0.1.0/24' },
      'INVALID_ARGUMENT',
      /^fixedCidr 10\.0\.1\.0\/24 lies outside 10\.0\.0\.0\/24/,
    ],
    [{ bip: '10.0.0.1/24', fixedCidr: '10.0.0.0/16' }, 'INVALID_ARGUMENT', /^fixedCidr 10\.0\.0\.0\/16 is larger than/],
    [{ bip: '10.0.0.1/24', fixedCidr: '10.0.0.1/32' }, 'INVALID_ARGUMENT', /^fixedCidr 10\.0\.0\.1\/32 is too small/],
    [{ fixedCidr: 'fd00::/64' }, 'INVALID_ARGUMENT', /^fixedCidr "fd00::\/64" is not a CIDR of IPv4/],
    [
      { bip: '10.0.0.1/24', defaultGateway: '10.0.1.1' },
      'INVALID_ARGUMENT',
      /^defaultGateway 10\.0\.1\.1 lies outside 10\.0\.0\.0\/24/,
    ],
    [
      { bip: '10.0.0.1/24', defaultGateway: '10.0.0.255' },
      'INVALID_ARGUMENT',
      /^defaultGateway 10\.0\.0\.255 is the broadcast/,
    ],
    [{ fixedCidrV6: '10.0.0.0/24' }, 'INVALID_ARGUMENT', /^fixedCidrV6 "10\.0\.0\.0\/24" is not a CIDR of IPv6/],
    [{ fixedCidrV6: 'fe80::/64' }, 'INVALID_ARGUMENT', /^fixedCidrV6 fe80::\/64 overlaps fe80::\/10/],
    [
      { fixedCidrV6: '2001:db8::/48' },
      'CONFLICT',
      /^fixedCidrV6 2001:db8::\/48 is not free: the host has the route 2001:db8:0:1::\/64/,
    ],
    [
      { fixedCidrV6: 'fd00::/64', defaultGatewayV6: '10.0.0.1' },
      'INVALID_ARGUMENT',
      /^defaultGatewayV6 10\.0\.0\.1 is IPv4/,
    ],
    [{ bip6: 'fd00::/64' }, 'INVALID_ARGUMENT', /^bip6 fd00:: is the routers' anycast address/],
    [
      { bip6: 'fd00::1/64', fixedCidrV6: 'fd00:1::/64' },
      'INVALID_ARGUMENT',
      /^fixedCidrV6 fd00:1::\/64 lies outside fd00::\/64/,
    ],
    [{ defaultGatewayV6: 'fd00::1' }, 'INVALID_ARGUMENT', /^defaultGatewayV6 fd00::1: the default bridge has no IPv6/],
    [
      { ipv6: false, fixedCidrV6: 'fd00::/64' },
      'INVALID_ARGUMENT',
      /^fixedCidrV6 fd00::\/64: the default bridge has no IPv6/,
    ],
  ]
  for (const [options, code, message] of cases) {
    t.throws(
      () => subnets(options, ['192.0.2.0/25', '2001:db8:0:1::/64']),
      { instanceOf: SlipwayError, code, message },
      JSON.stringify(options),
    )
  }
})
