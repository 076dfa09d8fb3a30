import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { SlipwayError } from '#lib/index.js'
import { nothingIsLeft } from '../helpers/bad-input.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'
import { dig } from '../helpers/names.js'
import { HOST_ADDRESS, ip, World } from '../helpers/world.js'

/** Networks whose names cannot be served. */

test.serial('a bridge that somebody has deleted does not keep others from opening the host', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/24' }] })
  ip('-n', world.host.name, 'link', 'delete', web.bridge ?? '')
  const late = await world.open()
  const app = await world.create(late, 'app', { network: 'web' })
  t.deepEqual(
    app.endpoints.map(({ addresses }) => addresses),
    [['172.20.0.2/24']],
  )
})

test.serial('without descriptors for itself or its resolver, a network is not made', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await (await world.create(slipway, 'first')).remove()
  await nothingIsLeft(world)
  await (await slipway.networks.create({ name: 'web' })).remove()
  // What listens to the settings of its bridge hears of its end a moment later.
  await sleep(200)
  const before = await settled(world)
  const usual = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
  let refused = 0
  for (let free = 0; ; free++) {
    const giveBack = leaveDescriptors(t, free, usual)
    const made = await slipway.networks
      .create({ name: 'web' })
      .catch((error: unknown) => error)
      .finally(giveBack)
    if (!(made instanceof Error)) break
    t.true(made instanceof SlipwayError && made.code === 'KERNEL' && made.message.includes('EMFILE'), String(made))
    await isAsBefore(t, world, before, `${free} descriptors`)
    refused++
  }
  // A few for its records, and two for its resolver.
  t.true(refused > 3 && refused < 20, `${refused} times`)
})

/** Has this process hold all descriptors that it may but so many. @returns What ends that. */
function leaveDescriptors(t: ExecutionContext, free: number, usual: number): () => void {
  const limit = (most: number) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${most}:`], {
      env: { ...process.env, LD_PRELOAD: '' },
    })
  const held: number[] = []
  limit(300)
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch (error) {
    t.is((error as NodeJS.ErrnoException).code, 'EMFILE')
  }
  for (const fd of held.splice(0, free)) closeSync(fd)
  return () => {
    held.forEach((fd) => closeSync(fd))
    limit(usual)
  }
}

test.serial('a sandbox that publishes port 53 does not catch the questions of others to their network', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/24' }] })
  const app = await world.create(slipway, 'app', { network: 'web', aliases: ['api'] })
  const dns = await world.create(slipway, 'dns', { publish: ['8080:80'] })
  for (const published of ['53:53/udp', `${HOST_ADDRESS}:53:53/udp`]) {
    await dns.publish(published)
    t.deepEqual((await dig(app, '@172.20.0.1', 'api', 'A')).answers, ['172.20.0.2'])
    await dns.unpublish(published)
  }
})
