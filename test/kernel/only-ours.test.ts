import test, { type ExecutionContext } from 'ava'
import { Host, PlanRefused } from '#lib/host.js'
import type { Operation } from '#lib/plan/operation.js'
import { lockFile } from '../helpers/locked-file.js'
import { execIn, ipJson, World, type Place } from '../helpers/world.js'

/** A plan changes, and undo takes back, only what the plan itself has made. */

function open(t: ExecutionContext, world: World): Host {
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  return host
}

const ip = (place: Place, command: string): string => execIn(place, 'ip', ...command.split(' '))
const linkOf = (world: World, name: string) => ipJson<{ ifname: string; mtu: number; ifalias?: string; flags: string[] }>(world.host, 'link').find(({ ifname }) => ifname === name)

const refused = { instanceOf: PlanRefused }
const impossible: Operation = { op: 'link.delete', name: 'no-such-link' }

test.serial('a link that another process made first keeps its alias, MTU and state', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  ip(world.host, 'link add br1 type bridge')
  ip(world.host, 'link set br1 mtu 1400 alias theirs')
  const refusal = await t.throwsAsync<PlanRefused>(
    host.run([
      { op: 'link.create', name: 'br1', kind: 'bridge' },
      { op: 'link.set', name: 'br1', mtu: 1300, alias: 'ours', up: true },
      { op: 'link.settle', name: 'br1' },
      { op: 'link.delete', name: 'br1' },
    ]),
    refused,
  )
  t.is(refusal.errnoName, 'EEXIST')
  const link = linkOf(world, 'br1')
  t.like(link, { mtu: 1400, ifalias: 'theirs' })
  t.false(link?.flags.includes('UP'))
})

test.serial('undo leaves a link that has taken the name of the one that was made', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const { waitFor, unlock } = await lockFile(t, world)
  const running = host.run([{ op: 'link.create', name: 'br1', kind: 'bridge' }, waitFor, impossible])
  while (!linkOf(world, 'br1')) await new Promise((resolve) => setTimeout(resolve, 5))
  ip(world.host, 'link delete br1')
  ip(world.host, 'link add br1 type bridge')
  unlock()
  await t.throwsAsync(running, refused)
  t.truthy(linkOf(world, 'br1'))
})

test.serial('a bridge that has the alias of a removed network, and was not made by this library, stays', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  await slipway.close()
  ip(world.host, 'link add br7 type bridge')
  execIn(world.host, 'ip', 'link', 'set', 'br7', 'alias', `slipway network gone, records in ${world.stateDir}`)
  const again = await world.open()
  t.deepEqual(again.reconciled.collected, [])
  t.truthy(linkOf(world, 'br7'))
})

test.serial('a link that has been checked is the one that is deleted', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  ip(world.host, 'link add br1 type bridge')
  const index = (await host.find('link', { name: 'br1' }))?.index ?? 0
  const { waitFor, unlock } = await lockFile(t, world)
  const running = host.run([{ op: 'link.check', name: 'br1', index }, waitFor, { op: 'link.check', name: 'br1', index }, { op: 'link.delete', name: 'br1' }])
  ip(world.host, 'link delete br1')
  ip(world.host, 'link add br1 type bridge')
  unlock()
  t.is((await t.throwsAsync<PlanRefused>(running, refused)).errnoName, 'ESTALE')
  t.truthy(linkOf(world, 'br1'))
})
