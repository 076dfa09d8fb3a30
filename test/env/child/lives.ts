import { createServer } from 'node:net'
import { Slipway } from '#lib/index.js'
import { name, publishing, say, type Options } from './options.js'

/** What a process does once and to its end. */
export const lives = {
  /** The whole life of a sandbox. */
  async life(options: Options) {
    const slipway = await Slipway.open(options.open)
    const sandbox = await slipway.sandboxes.create({
      name: name(options, options.count ?? 0),
      ...publishing(options, options.count ?? 0),
    })
    await sandbox.remove()
    await slipway.close()
  },

  /** A network on the segment of `uplink`, with the host on it, and two sandboxes there: made and taken away. */
  async segmentLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const network = await slipway.networks.create(options.networks?.[0] ?? { name: 'lan' })
    const app = await slipway.sandboxes.create({ name: name(options, 'app'), network: 'lan' })
    const beside = await slipway.sandboxes.create({ name: name(options, 'beside'), network: 'none' })
    await beside.remove()
    const bridged = await slipway.sandboxes.create({ name: name(options, 'bridged') })
    await bridged.connect('lan')
    await bridged.disconnect('lan')
    await Promise.all([app.remove(), bridged.remove()])
    await network.remove()
    await slipway.close({ wait: true })
    say('done')
  },

  /** Opens the host, and leaves. */
  async opened(options: Options) {
    const slipway = await Slipway.open(options.open)
    await slipway.close({ wait: true })
    say('opened')
  },

  /** Fills its pool, and leaves. */
  async filled(options: Options) {
    const slipway = await Slipway.open(options.open)
    await slipway.pool.ready()
    say(slipway.pool.networks[0]?.ready)
    await slipway.close()
    say('closed')
  },

  /** Sandboxes from a pool, in turn. */
  async pooledLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    await slipway.pool.ready()
    for (let index = 0; index < 3; index++) {
      const sandbox = await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) })
      await sandbox.remove()
    }
    await slipway.close()
    say('done')
  },

  /** A sandbox on the network `web`, which has no room for it but on a further bridge. */
  async leafLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const app = await slipway.sandboxes.create({
      name: name(options, 'app'),
      network: 'web',
      ...publishing(options, 0),
    })
    await app.remove()
    await slipway.close()
    say('done')
  },

  /** A sandbox that is there leaves its last network, and comes back. */
  async leaveAndComeBack(options: Options) {
    const slipway = await Slipway.open(options.open)
    const app = await slipway.sandboxes.get(name(options, 'app'))
    await app.disconnect('bridge')
    await app.connect('bridge')
    await slipway.close({ wait: true })
    say('done')
  },

  /** All that changes something about networks, in turn. */
  async networkLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const { networks, sandboxes } = slipway
    const web = await networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] })
    await networks.create({
      name: 'other',
      ipv6: true,
      subnets: [{ subnet: '10.6.0.0/24' }, { subnet: 'fd00:6::/64' }],
    })
    const app = await sandboxes.create({ name: name(options, 'app'), network: 'web', ...publishing(options, 0) })
    const side = await sandboxes.create({ name: name(options, 'side'), network: `container:${app.name}` })
    await app.connect('other', { gwPriority: 1 })
    await app.disconnect('web')
    await web.remove()
    await app.connect('bridge')
    await side.remove()
    await app.remove()
    await (await networks.get('other')).remove()
    await slipway.close()
    say('done')
  },

  /** Every call once. */
  async everyCall(options: Options) {
    const slipway = await Slipway.open(options.open)
    const { sandboxes } = slipway
    const sandbox = await sandboxes.create({ name: name(options, 'a'), publish: ['8080:80', '127.0.0.1::53/udp'] })
    await sandboxes.create({ name: name(options, 'host'), network: 'host' })
    await sandboxes.create({ name: name(options, 'none'), network: 'none' })
    await sandboxes.explain({ publish: ['8081:80'] })
    await sandbox.publish('9000-9002:90-92', '9000:90/udp')
    await sandbox.unpublish('9000:90/udp')
    await sandboxes.get(sandbox.name)
    await sandbox.refresh()
    sandbox.inspect()
    await new Promise<void>((resolve) => {
      const server = sandbox.enter(() => createServer().listen(80))
      server.on('listening', () => server.close(() => resolve()))
    })
    const refused = await sandboxes.create({ publish: ['8080:80'] }).catch((error: unknown) => error)
    if (!(refused instanceof Error)) throw new Error('a taken port was given twice')
    for (const one of await sandboxes.list()) await one.remove()
    await slipway.close({ wait: true })
    say('done')
  },
}
