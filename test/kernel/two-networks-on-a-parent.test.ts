import test from 'ava'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { Peer } from '../helpers/peer.js'
import { addressesOn, answersTo, linksIn, onSegment } from '../helpers/segment.js'

/** Networks on one parent share its segment: no address and no MAC of it is given twice, whoever gives it. */

test.serial('two networks with one subnet, and two processes that create on both at once', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  await onSegment(slipway, { name: 'twin' })
  const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
  const names = Array.from({ length: 16 }, (_, index) => `${index}`)
  const networkOf = (name: string) => (Number(name) % 2 === 0 ? 'lan' : 'twin')
  await Promise.all([
    ...names.map((name) => world.create(slipway, `a${name}`, { network: networkOf(name) })),
    (async () => {
      for (const name of names) await peer.call('create', { name: world.name(`b${name}`), network: networkOf(name) })
    })(),
  ])
  const sandboxes = await slipway.sandboxes.list()
  t.is(sandboxes.length, 32)
  const addresses = sandboxes.flatMap((sandbox) => [...addressesOn(sandbox), ...addressesOn(sandbox, 'twin')])
  t.is(new Set(addresses).size, 64, addresses.sort().join(' '))
  const macs = sandboxes.map((sandbox) => linksIn(sandbox)[0]?.address)
  t.is(new Set(macs).size, 32, macs.join(' '))
  const [first, last] = [sandboxes[0], sandboxes.at(-1)]
  if (!first || !last) throw new Error('there are none')
  t.deepEqual(
    await answersTo(first, [...addressesOn(last), ...addressesOn(last, 'twin')]),
    ['yes', 'yes'],
    'networks of a parent are one segment',
  )
})

for (const [what, options, code] of [
  ['an address', { ip: '192.0.2.150' }, /192\.0\.2\.150 is in use by the sandbox/],
  ['an IPv6 address', { ip6: 'fd00:99::8:150' }, /fd00:99::8:150 is in use by the sandbox/],
  ['a MAC', { mac: '02:42:00:00:00:77' }, /02:42:00:00:00:77 is in use on this network by the sandbox/],
] as const) {
  test.serial(`${what} that is asked for on both, by two processes: one gets it`, async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway)
    await onSegment(slipway, { name: 'twin' })
    const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
    const outcomes = await Promise.allSettled([
      world.create(slipway, 'one', { network: 'lan', ...options }),
      peer.call('create', { name: world.name('two'), network: 'twin', ...options }),
    ])
    const refused = outcomes.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as Error & { code: string }] : [],
    )
    t.is(refused.length, 1)
    t.is(refused[0]?.code, 'ADDRESS_IN_USE')
    t.regex(refused[0]?.message ?? '', code)
  })
}
