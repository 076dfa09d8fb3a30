import { existsSync, readdirSync } from 'node:fs'
import test from 'ava'
import type { Finding } from '#lib/cli/doctor/finding.js'
import { done, end, slipway as typed, start } from '../helpers/command.js'
import { execIn, ip, ipJson, World } from '../helpers/world.js'
import { difference, kernelState } from '../helpers/snapshot.js'

/** `slipway uninstall` takes away all that is ours, and nothing else. */

/** Settings that other programs may rely on by now stay. */
const seen = (world: World) => ({ ...kernelState(world.host), namespaces: world.namespaces(), sysctls: [] })

test('all that is ours goes, and nothing else', async (t) => {
  const world = new World(t)
  execIn(world.host, 'nft', 'add table inet mine; add chain inet mine pass')
  ip('netns', 'add', world.name('theirs'))
  const before = seen(world)
  await done(world, 'network', 'create', 'web', '--subnet', '10.7.0.0/24', '--subnet', 'fd00:7::/64', '--ipv6')
  await done(world, 'network', 'create', 'lan', '-d', 'macvlan', '-o', 'parent=uplink', '--subnet', '10.8.0.0/24')
  for (const args of [
    ['one', '-p', '8080:80'],
    ['two', '--network', 'web', '--forwarding'],
    ['three', '--network', 'lan'],
    ['four', '--network', 'none'],
    ['five', '--netns', `/run/netns/${world.name('theirs')}`, '--network', 'web'],
  ]) {
    const [name = '', ...rest] = args
    await done(world, 'create', '--name', world.name(name), ...rest)
  }
  await done(world, 'connect', world.name('two'), 'bridge')
  await done(world, 'files', world.name('one'))
  const unasked = await typed(world, 'uninstall')
  t.is(unasked.status, 2)
  t.regex(unasked.stderr, /uninstall asks before it removes/)
  const said = await done(world, 'uninstall', '--force')
  for (const what of ['sandbox', 'network web', 'network lan', 'bridge docker0', 'tables', 'folder'])
    t.regex(said, new RegExp(`^${what}`, 'm'))
  t.deepEqual(readdirSync(world.stateDir), [])
  t.true(existsSync(`/run/netns/${world.name('theirs')}`))
  t.deepEqual(difference(before, seen(world)), [])
  // Nothing is left to take away, and all of it can be had again.
  await done(world, 'uninstall', '-f')
  await done(world, 'create', '--name', world.name('again'), '-p', '8080:80')
  await done(world, 'uninstall', '-f', '--json')
})

test('what somebody else uses stays, and is named', async (t) => {
  const world = new World(t)
  await done(world, 'create', '--name', world.name('one'))
  execIn(world.host, 'ip', 'link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'tap1')
  execIn(world.host, 'ip', 'link', 'set', 'tap0', 'master', 'docker0')
  const ended = await end(start(world, ['uninstall', '--force']))
  t.is(ended.status, 1)
  t.regex(ended.stderr, /note: bridge docker0: somebody uses it, so it stays/)
  t.regex(ended.stdout, new RegExp(`^sandbox ${world.name('one')}$`, 'm'))
  t.true(ipJson<{ ifname: string }>(world.host, 'link').some(({ ifname }) => ifname === 'docker0'))
  execIn(world.host, 'ip', 'link', 'delete', 'tap0')
  await done(world, 'uninstall', '--force')
  t.false(ipJson<{ ifname: string }>(world.host, 'link').some(({ ifname }) => ifname === 'docker0'))
})

test('doctor --fix mends what is ours, and says so', async (t) => {
  const world = new World(t)
  const [app] = [world.name('app')]
  await done(world, 'create', '--name', app, '-p', '8080:80')
  const whole = seen(world)
  const looks = async (...args: string[]) =>
    JSON.parse((await typed(world, 'doctor', '--json', ...args)).stdout) as Finding[]
  const about = (findings: Finding[]) =>
    findings.filter(({ check }) => check === 'leftovers').map(({ finding }) => finding)
  t.deepEqual(about(await looks()), ['none; whole: 1 sandbox'])
  execIn(world.host, 'nft', 'flush ruleset')
  const damaged = await looks()
  t.notDeepEqual(about(damaged), ['none; whole: 1 sandbox'])
  const fixed = await typed(world, 'doctor', '--fix', '--json')
  t.regex(fixed.stderr, new RegExp(`note: rules, claims or links of ${app} were taken away; they are there again`))
  t.deepEqual(about(JSON.parse(fixed.stdout) as Finding[]), ['none; whole: 1 sandbox'])
  t.deepEqual(difference(whole, seen(world)), [])
  t.is((await typed(world, 'doctor', '--fix')).stderr, '')
  await done(world, 'uninstall', '--force')
})
