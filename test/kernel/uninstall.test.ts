import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { Finding } from '#lib/cli/doctor/finding.js'
import { done, end, onTerminal, slipway as typed, start } from '../helpers/command.js'
import { eventually, execIn, ip, ipJson, World } from '../helpers/world.js'
import { difference, kernelState, readFiles } from '../helpers/snapshot.js'

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

test('a process that has the host open does not write the tables again, and makes sandboxes as before', async (t) => {
  const world = new World(t)
  const before = seen(world)
  const slipway = await world.open({ heal: true })
  await slipway.networks.create({ name: 'web' })
  await world.create(slipway, 'one', { network: 'web', publish: ['8080:80'] })
  await world.create(slipway, 'two')
  await done(world, 'uninstall', '--force')
  // It hears of tables that go, and looks within a tenth of a second.
  await sleep(1000)
  t.deepEqual(difference(before, seen(world)), [])
  await world.create(slipway, 'three', { publish: ['8080:80'] })
  t.is((await slipway.sandboxes.list()).length, 1)
  await slipway.close()
  await done(world, 'uninstall', '--force')
  t.deepEqual(difference(before, seen(world)), [])
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

/** What an administrator may have that has a name, a group or a place of ours. */
const ALIKE = `
ip link add tap0 group 29548 type veth peer name tap1 group 29549
ip link set tap0 alias "slipway network bridge"
ip link add veth0123456789a type veth peer name tap2
ip link add br-0123456789ab group 29551 type bridge
ip link add br9 type bridge
ip link set br9 alias "slipway network web, records in the cellar"
nft add table inet mine
nft add table ip slipway
nft add chain ip slipway pass
nft add table netdev slipway
`

test('what only looks like ours stays, and it is asked before', async (t) => {
  const world = new World(t)
  execIn(world.host, 'sh', '-ec', ALIKE.replace('the cellar', world.stateDir))
  const before = seen(world)
  await done(world, '--bridge-name', 'sl0', 'create', '--name', world.name('one'), '-p', '8080:80')
  await done(world, 'network', 'create', 'web')
  await done(world, 'files', world.name('one'))
  const [folder = ''] = readdirSync(world.stateDir).map((name) => join(world.stateDir, name))
  const theirs = ['notes.txt', 'mine/notes.txt', 'sandboxes/app.json.bak', 'files/notes.txt', 'pool/notes.txt']
  for (const path of [...theirs, '../notes.txt']) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), 'mine')
  }
  execIn(world.host, 'nft', 'add rule inet slipway user ip saddr 192.0.2.7 drop; add chain inet slipway mine')
  const full = { ...seen(world), files: readFiles(world.stateDir) }

  const answer = async (typed: string) => {
    const { child, shown } = onTerminal(world, 'uninstall')
    const ended = once(child, 'exit')
    t.true(await eventually(() => shown().includes('[y/N]'), 10_000))
    child.stdin?.write(typed)
    return { status: ((await ended) as [number])[0], said: shown() }
  }
  t.is((await answer('n\r')).status, 0)
  t.deepEqual({ ...seen(world), files: readFiles(world.stateDir) }, full)

  const { status, said } = await answer('y\r')
  t.is(status, 1)
  t.regex(said, /bridge sl0\r?$/m)
  t.regex(said, /with what was added to them: rules in chain user, chain mine/)
  t.deepEqual(difference(before, seen(world)), [])
  t.deepEqual(
    Object.keys(readFiles(world.stateDir)).sort(),
    [...theirs, '../notes.txt'].map((path) => join(folder, path)).sort(),
  )
  for (const path of ['notes.txt', 'mine', 'sandboxes/app.json.bak'])
    t.true(said.includes(`note: ${join(folder, path)}: it is not Slipway's, so it stays`), said)
  rmSync(folder, { recursive: true })
  await done(world, 'uninstall', '--force')
  t.deepEqual(readdirSync(world.stateDir), ['notes.txt'])
  t.deepEqual(difference(before, seen(world)), [])
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
