import test from 'ava'
import fc from 'fast-check'
import type { Sandbox, Slipway } from 'slipway'
import { having, Refuser } from '../helpers/refuse.js'
import { World } from '../helpers/world.js'

/**
 * What this process knows of addresses and host ports is what the kernel knows, however many calls were refused: a
 * network of few addresses and a range of few ports can be filled to the last, and emptied, over and over.
 */

const ADDRESSES = 5 // of a /29: without network, broadcast and gateway
const PORTS = ['9000-9003:80', '9000-9003:80', '9000-9003:80', '9000-9003:80']

/** Calls that are refused, each at another stage. */
const REFUSED: Record<string, (slipway: Slipway, app: Sandbox, name: string) => Promise<unknown>> = {
  'a name that is taken': (slipway, app) =>
    slipway.sandboxes.create({ name: app.name, network: 'small', publish: PORTS }),
  'a port that is taken': (slipway) =>
    slipway.sandboxes.create({ network: 'small', publish: ['9000-9003:80', '9100:80'] }),
  'a port of an address that the host has not': (slipway) =>
    slipway.sandboxes.create({ network: 'small', publish: ['9000-9003:80', '198.51.100.1:80:80'] }),
  'more ports than there are': (slipway) =>
    slipway.sandboxes.create({ network: 'small', publish: [...PORTS, '9000-9003:80'] }),
  'an address that is taken': (slipway, app) =>
    slipway.sandboxes.create({
      network: 'small',
      ip: app.endpoints.find(({ network }) => network === 'small')?.addresses[0]?.split('/')[0] ?? '',
      publish: PORTS,
    }),
  'an address outside': (slipway) => slipway.sandboxes.create({ network: 'small', ip: '10.9.0.77' }),
  'an IPv6 address that is taken': (slipway, app) =>
    slipway.sandboxes.create({
      network: 'small',
      ip: '10.9.0.6',
      ip6: app.endpoints.find(({ network }) => network === 'small')?.addresses[1]?.split('/')[0] ?? '',
    }),
  'a namespace that is there': (slipway, _, name) =>
    slipway.sandboxes.create({ name, network: 'small', publish: PORTS }),
  'the same at the same time': (slipway, app) => {
    const twin = () => slipway.sandboxes.create({ name: app.name, network: 'small', ip: '10.9.0.6', publish: PORTS })
    return Promise.any([twin(), twin(), twin()])
  },
  'publish of what is taken': (_, app) => app.publish('9000-9003:81', '9100:80'),
  'publish of nothing that leads anywhere': (_, app) => app.publish('9000-9003:81', '[::1]:80:80'),
  'connect to where it is': (_, app) => app.connect('small'),
  'connect with an address outside': (_, app) => app.connect('other', { ip: '10.9.0.7' }),
  'disconnect from where it is not': (_, app) => app.disconnect('other'),
  explain: async (slipway) => {
    await slipway.sandboxes.explain({ network: 'small', publish: PORTS })
    throw new Error('nothing was written')
  },
}

test.serial('after any refused calls, all that is free can be had', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'small', subnets: [{ subnet: '10.9.0.0/29' }, { subnet: 'fd00:9::/125' }] })
  await slipway.networks.create({ name: 'other', subnets: [{ subnet: '10.9.1.0/29' }] })
  const app = await world.create(slipway, 'app', { network: 'small', publish: ['9100:80'] })
  const names = Object.keys(REFUSED)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 8 }), async (calls) => {
      for (const call of calls)
        await t.throwsAsync(async () => REFUSED[call]?.(slipway, app, world.host.name), undefined, call)
      const publish = [...PORTS]
      const others = await Promise.all(
        Array.from({ length: ADDRESSES - 1 }, () =>
          slipway.sandboxes.create({ network: 'small', publish: publish.splice(0, 1) }),
        ),
      )
      await t.throwsAsync(slipway.sandboxes.create({ network: 'small' }), { code: 'EXHAUSTED' })
      await t.throwsAsync(slipway.sandboxes.create({ publish: ['9000-9003:80'] }), { code: 'EXHAUSTED' })
      await Promise.all(others.map((other) => other.remove()))
    }),
    { numRuns: 25 },
  )
})

test.serial('after a plan that was refused at any of its operations, all that is free can be had', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'small', subnets: [{ subnet: '10.9.0.0/30' }] })
  const refuser = new Refuser(t)
  const create = () => world.create(slipway, 'app', { network: 'small', ip: '10.9.0.2', publish: ['9000-9000:80'] })
  const whole = await refuser.during(having('netns.create'), undefined, async () => (await create()).remove())
  for (const index of whole.keys()) {
    // Some refusals are made good: of a route that is there, for one.
    await refuser.during(having('netns.create'), index, async () => (await create().catch(() => undefined))?.remove())
    const app = await create()
    t.is(app.ports[0]?.hostPort, 9000, `operation ${index}`)
    await app.remove()
  }
})
