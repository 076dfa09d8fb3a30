import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

test('without an addon, the import and the command say in a sentence what is missing and what to type', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const own = join(folder, 'node_modules', 'slipway')
  mkdirSync(join(own, 'native'), { recursive: true })
  for (const part of ['dist', 'package.json', 'binding.gyp', 'native/preflight.cjs'])
    cpSync(join(ROOT, part), join(own, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(own, 'node_modules'))
  const run = (...args: string[]) =>
    spawnSync(process.execPath, args, { cwd: folder, env: { PATH: '/nowhere' }, encoding: 'utf8', timeout: 30_000 })
  const said =
    /no prebuilt addon of Slipway runs on this machine .* a C\+\+20 compiler .* sudo apt-get install g\+\+ .*\. Then type: npm rebuild slipway\./
  const imported = run(
    '--input-type=module',
    '--eval',
    "await import('slipway').catch((error) => console.log(error.name, error.code, error.message))",
  )
  t.regex(imported.stdout, new RegExp(`^SlipwayError UNSUPPORTED .*${said.source}\\n$`))
  const thrown = run('--input-type=module', '--eval', "import 'slipway'")
  t.regex(thrown.stderr, said)
  t.notRegex(thrown.stderr, /^ +at /m)
  const command = run(join(own, 'dist/cli/main.js'), 'ls')
  t.is(command.status, 1)
  t.regex(command.stderr, new RegExp(`^slipway: .*${said.source}\\n$`))
})
