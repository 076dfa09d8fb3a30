import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
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
const linkOf = (world: World, name: string) =>
  ipJson<{ ifname: string; mtu: number; ifalias?: string; flags: string[] }>(world.host, 'link').find(
    ({ ifname }) => ifname === name,
  )

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

test.serial('undo leaves a namespace that has taken the name of the one that was made', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const name = world.name('app')
  const path = `/run/netns/${name}`
  const { waitFor, unlock } = await lockFile(t, world)
  const running = host.run([{ op: 'netns.create', path }, waitFor, impossible])
  while (!world.namespaces().includes(name)) await new Promise((resolve) => setTimeout(resolve, 5))
  execFileSync('ip', ['netns', 'delete', name])
  execFileSync('ip', ['netns', 'add', name])
  const { ino } = statSync(path)
  unlock()
  const refusal = await t.throwsAsync<PlanRefused>(running, refused)
  t.deepEqual(refusal.refusal.notUndone, [])
  t.is(statSync(path).ino, ino)
  // And takes away the one that was made.
  await t.throwsAsync(host.run([{ op: 'netns.create', path: `${path}-2` }, impossible]), refused)
  t.false(existsSync(`${path}-2`))
})

test.serial('a link that was checked is meant to the end of its plan, whatever is called so by then', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  ip(world.host, 'link add br1 type bridge')
  const { waitFor, unlock } = await lockFile(t, world)
  const { index } = await host.ask('link', { name: 'br1' })
  const running = host.run([
    { op: 'link.create', name: 'br0', kind: 'bridge' },
    { op: 'link.check', name: 'br1', index },
    waitFor,
    { op: 'link.set', name: 'br1', alias: 'ours' },
  ])
  while (!linkOf(world, 'br0')) await new Promise((resolve) => setTimeout(resolve, 5))
  // It has come to the lock when something else is answered.
  await host.ask('link', { name: 'lo' })
  ip(world.host, 'link set br1 name br2')
  ip(world.host, 'link add br1 type bridge')
  unlock()
  await running
  t.is(linkOf(world, 'br1')?.ifalias, undefined)
  t.is(linkOf(world, 'br2')?.ifalias, 'ours')
})

test.serial('a file comes back as it was, with its mark', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const [marked, plain] = ['marked', 'plain'].map((name) => join(world.stateDir, name)) as [string, string]
  await host.run([
    { op: 'file.create', path: marked, content: 'one' },
    { op: 'file.mark', path: marked },
    { op: 'file.create', path: plain, content: '' },
  ])
  const look = () => [marked, plain].map((path) => [readFileSync(path, 'utf8'), statSync(path).mode])
  const before = look()
  await t.throwsAsync(
    host.run([{ op: 'file.delete', path: marked }, { op: 'file.delete', path: plain }, impossible]),
    refused,
  )
  t.deepEqual(look(), before)
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
  const running = host.run([
    { op: 'link.check', name: 'br1', index },
    waitFor,
    { op: 'link.check', name: 'br1', index },
    { op: 'link.delete', name: 'br1' },
  ])
  ip(world.host, 'link delete br1')
  ip(world.host, 'link add br1 type bridge')
  unlock()
  t.is((await t.throwsAsync<PlanRefused>(running, refused)).errnoName, 'ESTALE')
  t.truthy(linkOf(world, 'br1'))
})
