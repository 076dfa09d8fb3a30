import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Network, SlipwayError } from 'slipway'
import { elements } from '../helpers/snapshot.js'
import { execIn, ipJson, World } from '../helpers/world.js'

/**
 * Subnets are claims of networks, and MAC addresses of endpoints on their network: of many who want one, one has it,
 * and the others hear who.
 */

const outcomes = async (calls: Promise<Network>[]) => {
  const settled = await Promise.allSettled(calls)
  return {
    subnets: settled.flatMap((one) => (one.status === 'fulfilled' ? one.value.subnets : [])),
    refusals: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as SlipwayError] : [])),
  }
}

const KINDS = {
  'with a gateway': {},
  'without an address of the bridge': { options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' } },
  isolated: { internal: true, options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' } },
  'of both IP versions': { ipv6: true },
} as const

for (const [title, options] of Object.entries(KINDS)) {
  test.serial(`networks made at once by several who opened the host, ${title}: each has its own subnet`, async (t) => {
    const world = new World(t)
    const opened = await Promise.all([world.open(), world.open(), world.open()])
    const names = Array.from({ length: 9 }, (_, index) => `net${index}`)
    const { subnets, refusals } = await outcomes(
      names.map((name, index) => (opened[index % 3] ?? opened[0]).networks.create({ name, ...options })),
    )
    t.deepEqual(refusals, [])
    t.is(new Set(subnets).size, title === 'of both IP versions' ? 18 : 9)
    t.is(elements(world.host, 'subnets4').length, 9)
    for (const network of await opened[0].networks.list()) if (network.userDefined) await network.remove()
    t.deepEqual(
      ['subnets4', 'subnets6', 'macs'].flatMap((set) => elements(world.host, set)),
      [],
    )
  })
}

const SAME = [
  ['10.8.0.0/24', '10.8.0.0/24'],
  ['10.8.0.0/16', '10.8.7.0/24'],
  ['10.8.7.0/24', '10.8.0.0/16'],
  ['10.8.0.0/24', '10.8.0.0/16'],
  ['fd00:8::/64', 'fd00:8::/64'],
  ['fd00:8:0:7::/64', 'fd00:8::/48'],
] as const

for (const pair of SAME) {
  test.serial(`${pair.join(' and ')} at once: one of them is made, and the other's refusal names it`, async (t) => {
    const world = new World(t)
    const opened = await Promise.all([world.open(), world.open()])
    const create = (subnet: string, index: number) => {
      const rest = subnet.includes(':') ? { ipv4: false, ipv6: true } : {}
      return (opened[index] ?? opened[0]).networks.create({ name: `net${index}`, subnets: [{ subnet }], ...rest })
    }
    const { subnets, refusals } = await outcomes(pair.map(create))
    t.is(subnets.length, 1)
    t.deepEqual(
      refusals.map(({ code }) => code),
      ['CONFLICT'],
    )
    t.regex(refusals[0]?.message ?? '', new RegExp(`the network net[01] (?:will have|has) ${subnets[0]}`))
  })
}

test.serial('a chosen MAC that another endpoint would have by its address: that one gets another', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const mac = '02:42:ac:11:00:03'
  const chosen = await world.create(slipway, 'chosen', { mac })
  const [address = ''] = chosen.endpoints[0]?.addresses ?? []
  const other = await world.create(slipway, 'other')
  const named = await world.create(slipway, 'named', { ip: '172.17.0.3' }).catch(() => undefined)
  const macs = [chosen, other, ...(named ? [named] : [])].map(
    (sandbox) => ipJson<{ address: string }>(sandbox, 'link', 'show', 'dev', 'eth0')[0]?.address,
  )
  t.is(macs[0], mac)
  t.is(new Set(macs).size, macs.length)
  execIn(other, 'ping', '-qc1', '-W1', address.split('/')[0] ?? '')
  await t.throwsAsync(world.create(slipway, 'same', { mac }), {
    code: 'ADDRESS_IN_USE',
    message: new RegExp(`MAC address ${mac} is in use .* by the sandbox ${chosen.name}`),
  })
  await chosen.remove()
  await world.create(slipway, 'same', { mac })
})

test.serial(
  'a MAC is claimed on each network for itself, connect() included, and given back by disconnect()',
  async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }] })
    const mac = '02:42:0a:07:00:03'
    const one = await world.create(slipway, 'one', { mac })
    const two = await world.create(slipway, 'two')
    await one.connect('web', { mac })
    await t.throwsAsync(two.connect('web', { mac }), { code: 'ADDRESS_IN_USE', message: new RegExp(one.name) })
    // Its address says the same.
    await two.connect('web', { ip: '10.7.0.3' })
    t.not(ipJson<{ address: string }>(two, 'link', 'show', 'dev', 'eth1')[0]?.address, mac)
    await one.disconnect('web')
    await two.disconnect('web')
    await two.connect('web', { mac })
    await t.throwsAsync(
      one.connect('web', {
        mac: ipJson<{ address: string }>(world.host, 'link', 'show', 'dev', web.bridge ?? '')[0]?.address ?? '',
      }),
      { code: 'INVALID_ARGUMENT' },
    )
  },
)

for (const [title, text] of Object.entries({
  'flush set': 'flush set inet slipway addresses4',
  'delete element': 'delete element inet slipway addresses4 { 172.17.0.2 }',
})) {
  test.serial(`after nft ${title} a living sandbox keeps its address, whoever asks for it first`, async (t) => {
    const world = new World(t)
    const slipway = await world.open({ bip: '172.17.0.1/29' })
    const [first] = [await world.create(slipway, 'first'), await world.create(slipway, 'second')]
    t.deepEqual(first.endpoints[0]?.addresses, ['172.17.0.2/29'])
    execIn(world.host, 'nft', text)
    await t.throwsAsync(world.create(slipway, 'twin', { ip: '172.17.0.2' }), {
      code: 'ADDRESS_IN_USE',
      message: /first/,
    })
    execIn(world.host, 'nft', text)
    const rest = await Promise.allSettled(Array.from({ length: 5 }, (_, index) => world.create(slipway, `${index}`)))
    t.is(rest.filter(({ status }) => status === 'fulfilled').length, 3)
    t.is(elements(world.host, 'addresses4').length, 5)
  })
}

test('who has chosen an address that a sandbox is giving up takes another, and does not wait for it', async (t) => {
  const world = new World(t)
  const [one, other] = [await world.open(), await world.open()]
  // From here on, the other knows only what it is refused.
  const first = await world.create(other, 'first')
  const leaving = await world.create(one, 'leaving')
  const path = join(world.stateDir, String(statSync(world.host.path).ino), 'sandboxes', `${leaving.name}.json`)
  const record = JSON.parse(readFileSync(path, 'utf8')) as { maker: object }
  // As it is while a living process takes it away, for as long as that takes.
  writeFileSync(path, JSON.stringify({ ...record, removing: true, busy: record.maker }))
  const app = await world.create(other, 'app', { timeout: 3000 })
  t.is(new Set([first, leaving, app].flatMap(({ endpoints }) => endpoints[0]?.addresses)).size, 3)
})
