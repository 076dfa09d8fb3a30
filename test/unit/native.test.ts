import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NATIVE = join(ROOT, 'build-lib/kernel/native.js')

test('SLIPWAY_ADDON loads nothing from outside the package', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-unit-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const ran = join(folder, 'ran')
  const evil = join(folder, 'evil.js')
  writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(ran)}, ''); module.exports = {}`)
  symlinkSync(evil, join(folder, 'link.js'))
  copyFileSync(evil, join(folder, 'evil.node'))
  const load = (SLIPWAY_ADDON: string) =>
    spawnSync(
      process.execPath,
      ['-e', `import(${JSON.stringify(NATIVE)}).then(({ Executor }) => console.log(typeof Executor))`],
      {
        encoding: 'utf8',
        env: { ...process.env, LD_PRELOAD: '', SLIPWAY_ADDON },
      },
    )
  for (const path of [
    evil,
    join(folder, 'link.js'),
    join(folder, 'evil.node'),
    `${ROOT}..${evil}`,
    join(folder, 'nowhere'),
  ]) {
    const { stdout, stderr } = load(path)
    t.is(stdout, 'function\n', path)
    t.regex(stderr, /SLIPWAY_ADDON is for tests/)
    t.false(existsSync(ran), path)
  }
  const own = join(ROOT, 'build/Release/slipway.node')
  const { stdout, stderr } = load(own)
  t.is(stdout, 'function\n')
  t.notRegex(stderr, /SLIPWAY_ADDON/)
})
