import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readHostFiles } from '#lib/names/host-files.js'
import { end, start, stateOf } from '../helpers/command.js'
import { typed } from '../helpers/typed.js'
import { World } from '../helpers/world.js'

/** Paths that lead nowhere, and files and folders that a process may not look at or write: what is said of each. */

/** As root in a container has it: what is another user's is closed to it. */
const WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override,-dac_read_search']
const NOBODY = 65_534
const LONG = 'n'.repeat(300)

function temporary(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-paths-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  return folder
}

/** One sentence, which says what to do. */
const hasAdvice = (t: ExecutionContext, stderr: string, expected: RegExp, what: string): void => {
  t.regex(stderr, expected, what)
  t.regex(stderr, /^slipway: [^\n]+\.\n$/, what)
}

test.serial('a path that leads nowhere', async (t) => {
  const world = new World(t)
  const folder = temporary(t)
  const app = world.name('app')
  symlinkSync('loop', join(folder, 'loop'))
  writeFileSync(join(folder, 'file'), '')
  t.is((await typed(world, 'create', '--name', app)).status, 0)
  const before = stateOf(world)
  const ways = { ENAMETOOLONG: join(folder, LONG), ENOTDIR: join(folder, 'file/x'), ELOOP: join(folder, 'loop') }
  for (const [code, path] of Object.entries(ways)) {
    const nowhere = new RegExp(
      `^slipway: --netns "/.*" leads nowhere \\(${code}\\)\\. Those of ip netns lie in /run/netns, `,
    )
    const rows: [string[], RegExp][] = [
      [['--netns', path, 'ls'], nowhere],
      [['create', '--netns', path], nowhere],
      [['exec', '-w', path, app, 'true'], /^slipway: --workdir \/.*: there is no such folder on this machine\./],
      [['--config', path, 'ls'], new RegExp(`cannot be read \\(${code}\\)\\. Give the path of a daemon\\.json\\.`)],
    ]
    for (const [args, expected] of rows)
      hasAdvice(t, (await typed(world, ...args)).stderr, expected, `${code}: ${args}`)
  }
  t.deepEqual(stateOf(world), before)
  const slipway = await world.open()
  const sandbox = await slipway.sandboxes.get(app)
  for (const [code, path] of Object.entries(ways))
    for (const exec of [sandbox.exec(path), sandbox.exec('true', [], { cwd: path })])
      await t.throwsAsync(
        exec,
        { name: 'SlipwayError', message: new RegExp(`: [^:]+ \\((${code}|ENOENT)\\)\\.$`) },
        code,
      )
})

test.serial("what is another user's", async (t) => {
  const world = new World(t)
  const folder = temporary(t)
  const app = world.name('app')
  t.is((await typed(world, 'create', '--name', app)).status, 0)
  const records = join(world.stateDir, readdirSync(world.stateDir)[0] ?? '', 'sandboxes')
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  chownSync(closed, NOBODY, NOBODY)
  const before = stateOf(world)
  const write =
    /^slipway: This process may not write \/\S+\.json \(EACCES; namei -l \S+ and lsattr -d \S+ tell why\)\. Run it as the user whose folder that is, or give another --state-dir\.\n$/
  const look =
    /This process may not look at \/\S+\/closed\/x \(EACCES; namei -l \S+ tells why\)\. Run it as a user who may, or let this one\.\n$/
  const rows: [string[], RegExp][] = [
    [['create', '--name', world.name('more')], write],
    [['rm', app], write],
    [['publish', app, '8080:80'], write],
    [['--netns', join(closed, 'x'), 'ls'], look],
    [['create', '--netns', join(closed, 'x')], look],
    [['exec', '-w', join(closed, 'x'), app, 'true'], look],
    [['--config', join(closed, 'x'), 'ls'], /may not be read by this user\.\n$/],
  ]
  chmodSync(records, 0o555)
  for (const [args, expected] of rows)
    hasAdvice(t, (await end(start(world, args, WITHOUT_OVERRIDE))).stderr, expected, args.join(' '))
  chmodSync(records, 0o755)

  chmodSync('/run/netns', 0o555)
  t.teardown(() => chmodSync('/run/netns', 0o755))
  const { stderr } = await end(start(world, ['create', '--name', world.name('more')], WITHOUT_OVERRIDE))
  chmodSync('/run/netns', 0o755)
  hasAdvice(
    t,
    stderr,
    /may not write \/run\/netns\/\S+ \(EACCES; .*\. Run it as the user whose folder that is\.\n$/,
    'netns',
  )
  t.deepEqual(stateOf(world), before)

  const resolvConf = join(folder, 'resolv.conf')
  writeFileSync(resolvConf, 'nameserver 192.0.2.53\n', { mode: 0o600 })
  chownSync(resolvConf, NOBODY, NOBODY)
  const bound = ['unshare', '--mount', 'sh', '-c', `mount --bind ${resolvConf} /etc/resolv.conf && exec "$@"`, 'sh']
  for (const args of [
    ['files', app],
    ['exec', app, 'true'],
    ['run', '--network', 'none', 'true'],
  ])
    hasAdvice(
      t,
      (await end(start(world, args, [...bound, ...WITHOUT_OVERRIDE]))).stderr,
      /^slipway: This process may not look at \/etc\/resolv\.conf \(EACCES; namei -l \/etc\/resolv\.conf tells why\)\. /,
      args.join(' '),
    )
})

test('a file of the host that is there and cannot be read', async (t) => {
  const etc = temporary(t)
  // The memory of a process at its address 0, which is none of it.
  symlinkSync('/proc/self/mem', join(etc, 'resolv.conf'))
  await t.throwsAsync(readHostFiles({ etc }), {
    code: 'KERNEL',
    message: /^\/\S+\/resolv\.conf is there and cannot be read \(EIO\)\. Mend it, or put another in its place\.$/,
  })
  rmSync(join(etc, 'resolv.conf'))
  execFileSync('cp', ['/dev/null', join(etc, 'resolv.conf')])
  t.is((await readHostFiles({ etc })).resolvConf, '')
})
