import { execFileSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import test from 'ava'
import type { DamageMessage } from 'slipway'
import { COMMAND } from '../helpers/command.js'
import { listenFor, setUpDamaged } from '../helpers/damaged-host.js'
import { conditionOf, DAMAGES, type Damaged } from '../helpers/damages.js'
import { difference } from '../helpers/snapshot.js'
import { eventually, lasting, execIn, ipJson } from '../helpers/world.js'

/** What others do while a process that is to hear of it opens the host, or hears nothing. */

const mtuOf = ({ world }: Damaged, link: string) =>
  ipJson<{ mtu: number }>(world.host, 'link', 'show', link).map(({ mtu }) => mtu)

test.serial('what open() has given back, and is damaged the same way again, is given back again', async (t) => {
  const scene = await setUpDamaged(t)
  await scene.slipway.close()
  const before = conditionOf(scene)
  const again = [
    'docker0 with another MTU',
    'a link with another MTU',
    'docker0 without its alias',
    "the bridge's entry for a MAC address led to another port",
  ]
  const damage = () => again.forEach((what) => void DAMAGES[what]?.do(scene))
  damage()
  const slipway = await scene.world.open({ heal: true })
  t.deepEqual(difference(before, conditionOf(scene)), [])
  const heard = listenFor(t, slipway)
  damage()
  t.true(await eventually(() => heard.some(({ action }) => action === 'healed')))
  t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [])
})

test.serial('what is damaged while open() goes on is given back', async (t) => {
  const scene = await setUpDamaged(t)
  await scene.slipway.close()
  const before = conditionOf(scene)
  for (const what of [
    'docker0 down',
    'the bridge of web with another MTU',
    'docker0 in another group',
    'docker0 without its address',
    'the bridge of web down',
    'a link deleted',
    'a link off its bridge',
    "the bridge's entry for a MAC address led to another port",
    "the bridge's entry for a MAC address made one that is learned",
  ]) {
    // The bridges have been looked at when the port that was deleted is given back.
    DAMAGES['a published port deleted']?.do(scene)
    let done = false
    const once = () => {
      if (!done) void DAMAGES[what]?.do(scene)
      done = true
    }
    subscribe('slipway:plan', once)
    t.teardown(() => unsubscribe('slipway:plan', once))
    const slipway = await scene.world.open({ heal: true })
    unsubscribe('slipway:plan', once)
    t.true(done)
    t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [], what)
    await slipway.close()
  }
})

test.serial('a process that has used no network notices what others do to the one that every host has', async (t) => {
  const scene = await setUpDamaged(t)
  await scene.slipway.close()
  const before = conditionOf(scene)
  await scene.world.open({ heal: true })
  // What it is to have, its sandboxes alone remember.
  DAMAGES['docker0 with another MTU']?.do(scene)
  t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [])
})

test.serial('what comes while news are lost is heard of afterwards', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const { world } = scene
  // While this thread reads nothing, more than there is room for. Then another process makes a sandbox.
  const toggle = 'link set docker0 mtu 1400\\nlink set docker0 mtu 1500\\n'
  execIn(world.host, 'sh', '-ec', `yes "$(printf '${toggle}')" | head -n 12000 | ip -batch -`)
  const name = world.name('late')
  execFileSync(process.execPath, [
    ...[COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`],
    ...['create', '--name', name],
  ])
  const looked = new Promise<unknown>((done) => subscribe('slipway:damage', done))
  t.regex(((await looked) as DamageMessage).message, /more to tell/)
  const senders = execIn(world.host, 'nft', 'list', 'set', 'bridge', 'slipway', 'senders4')
  const [, link = ''] = new RegExp(`"(veth[0-9a-f]+)"[^"]*comment "${name} `).exec(senders) ?? []
  t.deepEqual(mtuOf(scene, link), [1500])
  execIn(world.host, 'ip', 'link', 'set', link, 'mtu', '1400')
  t.true(await eventually(() => mtuOf(scene, link)[0] === 1500))
})
