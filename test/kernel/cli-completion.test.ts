import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { makeProgram } from '#lib/cli/program.js'
import { nodesOf, treeOf } from '#lib/cli/texts/tree.js'
import { COMMAND } from '../helpers/command.js'
import { typed } from '../helpers/typed.js'
import { typedAndOffered } from '../helpers/typed-and-offered.js'
import { World } from '../helpers/world.js'

/** What shells complete, and the page of the manual: made from the same definitions as the help. */

const MANUAL = fileURLToPath(new URL('../../dist/slipway.1', import.meta.url))

test.serial('bash completes commands, flags, names, files and programs', async (t) => {
  const world = new World(t)
  const [app, db] = [world.name('app'), world.name('db')]
  await typed(world, 'network', 'create', 'web')
  for (const name of [app, db]) await typed(world, 'create', '--name', name)
  const { stdout: script } = await typed(world, 'completion', 'bash')
  const rows = typedAndOffered(app, db)
  const asked = rows.map(([line]) => {
    const words = line.split(' ').map((word) => `'${word}'`)
    return `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _slipway; echo "\${COMPREPLY[*]}"`
  })
  // The options of the host that were typed lead to another one: to this one, always.
  const own = `slipway() { [[ $1 == --netns ]] && shift 2; '${process.execPath}' '${COMMAND}' --netns='${world.host.path}' --state-dir='${world.stateDir}' "$@"; }`
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', [own, script, ...asked].join('\n')])
  t.is(stderr, '')
  const answers = stdout.split('\n')
  for (const [i, [line, all, not]] of rows.entries()) {
    const offered = (answers[i] ?? '').split(' ').filter(Boolean)
    if (all.length === 0) t.deepEqual(offered, [], line)
    for (const word of all) t.true(offered.includes(word), `${line}: ${word} in ${answers[i]}`)
    if (not !== undefined) t.false(offered.includes(not), `${line}: ${not} in ${answers[i]}`)
  }
})

test('the scripts of all shells and the manual know each command and flag', async (t) => {
  const nodes = nodesOf(treeOf(makeProgram('0.0.0')))
  const world = new World(t)
  const [bash, zsh, fish] = [
    (await typed(world, 'completion', 'bash')).stdout,
    (await typed(world, 'completion', 'zsh')).stdout,
    (await typed(world, 'completion', 'fish')).stdout,
  ]
  const page = execFileSync('sed', ['s/\\\\-/-/g', MANUAL], { encoding: 'utf8' })
  t.true(zsh.startsWith('#compdef slipway\n') && zsh.includes(bash))
  for (const { path, commands, flags } of nodes) {
    const [, ofBash = ''] = new RegExp(`^    '${path}'\\) (.*?) ;;`, 'ms').exec(bash) ?? []
    for (const name of commands.flatMap((one) => one.names)) {
      t.regex(ofBash, new RegExp(`[' ]${name}[' ]`), `${path} ${name}`)
      t.true(fish.includes(`'${`__slipway_at ${path}`.trim()}' -f -a ${name} `), `${path} ${name}`)
    }
    for (const name of flags.flatMap((flag) => flag.names)) {
      t.true(ofBash.includes(name), `${path} ${name}`)
      t.true(fish.includes(name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`), `${path} ${name}`)
      if (commands.length === 0) t.true(page.includes(name), `${path} ${name}`)
    }
    if (commands.length === 0) t.true(page.includes(`.SS "slipway ${path}`), path)
  }
  // Lines that begin so are requests, and only those that are meant.
  t.deepEqual([...new Set(readFileSync(MANUAL, 'utf8').match(/^[.'](?!\\").{0,2}/gm))].sort(), [
    '.B ',
    '.BR',
    '.PP',
    '.SH',
    '.SS',
    '.TH',
    '.TP',
    '.fi',
    '.nf',
  ])
})
