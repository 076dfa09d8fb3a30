import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

/**
 * docs/first-steps.md as a newcomer types it: each program is saved under the name that its first line has, in a folder
 * with the package; each command that follows prints what the page says.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/first-steps.md'), 'utf8')
const blocks = [...page.matchAll(/^```(js)?\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({ language, text }))

/** The commands of a block, each with what it prints. */
function* commandsIn(text: string): Generator<{ command: string; prints: string }> {
  for (const [, command = '', prints = ''] of text.matchAll(/^((?:node|npx) .*)\n((?:(?!node |npx ).*\n)*)/gm))
    yield { command, prints }
}

test('what the page shows runs as it stands', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-first-'))
  try {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
    symlinkSync(ROOT, join(folder, 'node_modules/slipway'))
    symlinkSync('../slipway/dist/cli/main.js', join(folder, 'node_modules/.bin/slipway'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    execFileSync('chmod', ['+x', join(ROOT, 'dist/cli/main.js')])
    let programs = 0
    let commands = 0
    for (const { language, text } of blocks) {
      if (language === 'js') {
        const name = /^\/\/ (\S+\.js)\n/.exec(text)?.[1]
        if (name === undefined) return t.fail(`a program without a name: ${text}`)
        writeFileSync(join(folder, name), text)
        programs++
        continue
      }
      for (const { command, prints } of commandsIn(text)) {
        const [program = '', ...args] = command.split(' ')
        const { stdout, stderr, status } = spawnSync(
          program === 'npx' ? join(folder, 'node_modules/.bin', args.shift() ?? '') : process.execPath,
          args,
          { cwd: folder, encoding: 'utf8', timeout: 30_000 },
        )
        t.is(stdout, prints, `${command}\n${stderr}`)
        t.is(status, 0, `${command}\n${stderr}`)
        commands++
      }
    }
    t.true(programs > 4 && commands >= programs, `${programs} programs, ${commands} commands`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
