import { inspect } from 'node:util'
import test from 'ava'
import type { Sandbox } from '#lib/index.js'
import { World } from '../helpers/world.js'

/** What sandboxes, networks and hosts say of themselves, and what they answer once they are gone. */

test('after its removal, by whomever, each call on a sandbox or network is refused as not found', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  // Another process would know no more of the first one.
  const other = await world.open()
  await slipway.networks.create({ name: 'web' })
  const owner = await world.create(slipway, 'owner')
  for (const network of ['bridge', 'web', 'none', 'host', `container:${owner.name}`])
    for (const by of ['itself', 'another', 'another, and made anew']) {
      const what = `${network}, removed by ${by}`
      const app = await world.create(slipway, 'app', {
        network,
        ...(['bridge', 'web'].includes(network) ? { publish: ['8080:80'] } : {}),
      })
      if (by === 'itself') await app.remove()
      else await (await other.sandboxes.get(app.name)).remove()
      const again = by === 'another, and made anew' ? await world.create(slipway, 'app', { network }) : undefined
      const gone = { name: 'SlipwayError', code: 'NOT_FOUND' }
      const calls: Record<string, () => unknown> = {
        refresh: () => app.refresh(),
        connect: () => app.connect('web'),
        disconnect: () => app.disconnect('bridge'),
        'disconnect by force': () => app.disconnect('web', { force: true }),
        publish: () => app.publish('8081:81'),
        unpublish: () => app.unpublish('8080:80'),
        stats: () => app.stats(),
        files: () => app.files(),
        keep: () => app.keep(),
        inspect: () => app.inspect(),
        enter: () => app.enter(() => t.fail(`${what}: entered`)),
        spawn: () => app.spawn('true'),
      }
      // Called again, it is the same removal.
      if (by === 'itself') await app.remove()
      else calls['remove'] = () => app.remove()
      for (const [name, call] of Object.entries(calls))
        await t.throwsAsync(async () => call(), gone, `${what}: ${name}`)
      t.is(app.name, world.name('app'))
      t.is((JSON.parse(JSON.stringify(app)) as Sandbox).id, app.id)
      await again?.remove()
    }
  for (const by of ['itself', 'another']) {
    const network = await slipway.networks.create({ name: 'gone' })
    await (by === 'itself' ? network : await slipway.networks.get('gone')).remove()
    for (const call of [() => network.inspect(), () => network.sandboxes()])
      await t.throwsAsync(call(), { name: 'SlipwayError', code: 'NOT_FOUND', message: 'The network gone was removed.' })
    if (by === 'another') await t.throwsAsync(network.remove(), { code: 'NOT_FOUND' })
  }
})

test('console.log and JSON.stringify say what something is', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/24' }], labels: { a: 'b' } })
  const app = await world.create(slipway, 'app', {
    network: 'web',
    publish: ['127.0.0.1:8080:80'],
    labels: { job: '7' },
    ephemeral: true,
    forwarding: true,
  })
  const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  t.like(read({ app }), {
    app: {
      id: app.id,
      name: app.name,
      network: 'web',
      path: app.path,
      hostname: app.hostname,
      labels: { job: '7' },
      ephemeral: true,
      forwarding: true,
      ports: [{ protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80 }],
    },
  } as never)
  t.deepEqual((read(app) as Sandbox).endpoints, app.endpoints)
  t.is(
    inspect(app, { breakLength: Infinity }),
    `Sandbox { name: '${app.name}', id: '${app.id.slice(0, 12)}', network: 'web', path: '${app.path}', ` +
      `endpoints: [ 'web eth0 172.30.0.2/24' ], ports: [ '127.0.0.1:8080->80/tcp' ], labels: { job: '7' }, ephemeral: true, forwarding: true }`,
  )
  t.is(inspect({ a: { b: { c: { d: app } } } }, { breakLength: Infinity }), '{ a: { b: { c: [Object] } } }')
  t.is(inspect({ a: app }, { depth: 0 }), `{ a: [Sandbox ${app.name}] }`)
  t.like(read(web), {
    id: web.id,
    name: 'web',
    driver: 'bridge',
    subnets: ['172.30.0.0/24'],
    labels: { a: 'b' },
  })
  t.is(
    inspect(web, { breakLength: Infinity }),
    `Network { name: 'web', id: '${web.id.slice(0, 12)}', driver: 'bridge', subnets: [ '172.30.0.0/24' ], bridge: '${web.bridge}', labels: { a: 'b' } }`,
  )
  t.is(inspect(await slipway.networks.get('host'), { depth: 0 }).split(' ')[0], 'Network')
  const facts = {
    netns: world.host.path,
    stateDir: world.stateDir,
    bridgeName: 'docker0',
    closed: false,
    reconciled: { adopted: [], healed: [], collected: [] },
  }
  t.deepEqual(read(slipway), facts)
  t.is(inspect(slipway), `Slipway ${inspect(facts)}`)
  await slipway.close()
  t.regex(inspect(slipway), /closed: true/)
})
