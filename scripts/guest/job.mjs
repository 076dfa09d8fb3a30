// Why: what a guest is to do comes from the command line, and goes to it as a script that its start.sh reads.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { defaultRelease } from '../setup/guest.mjs'
import { SetupError } from '../setup/say.mjs'
import { inRoot, root } from '../setup/tree.mjs'

// Everything is about this much slower in a guest.
const patience = 5
// How long a test may say nothing before ava gives up.
const avaTimeout = '10m'

export function readArguments(given) {
  const found = { release: defaultRelease, minutes: 40, shell: false, tests: [] }
  for (let index = 0; index < given.length; index++) {
    const [, option, value] = /^(--kernel|--minutes|--shell)(?:=(.*))?$/.exec(given[index]) ?? []
    if (!option) found.tests.push(given[index])
    else if (option === '--shell') found.shell = true
    else if (option === '--kernel') found.release = value ?? given[++index]
    else found.minutes = Number(value ?? given[++index])
  }
  if (!/^[a-z]+$/.test(found.release ?? ''))
    throw new SetupError('Which kernel? --kernel wants the name of a Debian release: bookworm, trixie, sid.')
  if (!(found.minutes > 0)) throw new SetupError('How long? --minutes wants a number above 0.')
  return found
}

// Writes what the guest reads from its folder: start.sh, and job.sh with what that needs to know.
export function writeJob(folder, { modules, shell, tests }) {
  copyFileSync(inRoot('scripts/guest/start.sh'), path.join(folder, 'start.sh'))
  const named = tests.some((argument) => argument.endsWith('.js')) ? tests : ['build-test/guest/*.test.js', ...tests]
  const command = shell
    ? shellCommand()
    : words(process.execPath, inRoot('scripts/test.mjs'), `--timeout=${avaTimeout}`, '--serial', ...named)
  writeFileSync(
    path.join(folder, 'job.sh'),
    [
      ...Object.entries(variables()).map(([name, value]) => `export ${name}=${quoted(value)}`),
      `modules=${quoted(modules)}`,
      `output=${quoted(shell ? '/dev/hvc0' : '/dev/vport*p1')}`,
      `load=${quoted(modulesToLoad().join(' '))}`,
      `job() { cd ${quoted(root)} && ${command}; }`,
      '',
    ].join('\n'),
  )
}

function variables() {
  const ours = Object.entries(process.env).filter(([name]) =>
    /^(HOME|LANG|LC_ALL|TERM|CI|FORCE_COLOR|NO_COLOR|SLIPWAY_.*)$/.test(name),
  )
  return {
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    ...Object.fromEntries(ours),
    SLIPWAY_TESTS: 'any',
    SLIPWAY_PATIENCE: String(patience),
  }
}

// A terminal of its own (-c), as large as the one that we have.
function shellCommand() {
  const { rows = 24, columns = 80 } = process.stdout
  return `stty -F /dev/hvc0 rows ${rows} cols ${columns} && setsid -cw ${words(process.env.SHELL ?? '/bin/sh')} -i < /dev/hvc0`
}

// Modules that nothing in the kernel asks for when they are needed, and those that tests ask for by name.
const modulesToLoad = () =>
  readFileSync(inRoot('scripts/guest/modules.txt'), 'utf8')
    .split('\n')
    .filter((line) => /^\w/.test(line))

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
const words = (...list) => list.map(quoted).join(' ')
