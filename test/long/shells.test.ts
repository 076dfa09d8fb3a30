import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { COMMAND } from '../helpers/command.js'
import { typed } from '../helpers/typed.js'
import { typedAndOffered } from '../helpers/typed-and-offered.js'
import { World } from '../helpers/world.js'

/** What zsh and fish complete, as cli-completion.test.ts has it of bash: Debian has them in 38 MB. */

/** A line for each: what is typed, a bar, what is offered. */
type Complete = (script: string, lines: readonly string[], folder: string, slipway: string) => Promise<string>

// As a person has it: the file lies in a folder of fpath, and is read with the first completion.
const zsh: Complete = async (script, lines, folder, slipway) => {
  mkdirSync(join(folder, 'functions'))
  writeFileSync(join(folder, 'functions/_slipway'), script)
  writeFileSync(join(folder, 'lines'), lines.join('\n'))
  writeFileSync(
    join(folder, '.zshrc'),
    `
slipway() { ${slipway} "$@"; }
fpath=(${folder}/functions $fpath)
autoload -Uz compinit; compinit -u -D
compadd() {
  local -a offered
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A offered "$@"
  print -rn -- "\${offered[*]} " >> ${folder}/offered
  return 1
}
complete_all() {
  for line in \${(f)"$(<${folder}/lines)"}; do
    BUFFER=$line; CURSOR=$#BUFFER
    print -rn -- "$line|" >> ${folder}/offered
    zle complete-word
    print >> ${folder}/offered
  done
  BUFFER=exit; zle .accept-line
}
zle -N zle-line-init complete_all
`,
  )
  // The line editor wants a terminal.
  const shell = promisify(execFile)('script', ['-qec', 'zsh -d -i', '/dev/null'], {
    env: { ...process.env, ZDOTDIR: folder, TERM: 'vt100' },
    timeout: 60_000,
  })
  shell.child.stdin?.end()
  await shell
  return readFileSync(join(folder, 'offered'), 'utf8')
}

const fish: Complete = async (script, lines, folder, slipway) => {
  writeFileSync(join(folder, 'slipway.fish'), script)
  const asked = lines.map(
    (line) => `echo '${line}|'(complete -C '${line}' | string replace -r '\\t.*' '' | string join ' ')`,
  )
  const program = [`function slipway; ${slipway} $argv; end`, `source ${folder}/slipway.fish`, ...asked].join('\n')
  const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', program], { timeout: 60_000 })
  return stdout
}

async function offers(t: ExecutionContext, shell: 'zsh' | 'fish', complete: Complete): Promise<void> {
  const world = new World(t)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-shells-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [app, db] = [world.name('app'), world.name('db')]
  await typed(world, 'network', 'create', 'web')
  for (const name of [app, db]) await typed(world, 'create', '--name', name)
  const { stdout: script } = await typed(world, 'completion', shell)
  // bash alone takes it for three words. And a host that there is not has no names, whatever the shell.
  const rows = typedAndOffered(app, db)
    .map(([line, ...rest]) => [line.replace(' = ', '='), ...rest] as const)
    .filter(([line]) => !line.includes('--netns /x'))
  const own = `'${process.execPath}' '${COMMAND}' --netns='${world.host.path}' --state-dir='${world.stateDir}'`
  const said = await complete(
    script,
    rows.map(([line]) => line),
    folder,
    own,
  )
  const answers = new Map(said.split('\n').map((line) => line.split('|') as [string, string]))
  for (const [line, all, not] of rows) {
    const offered = (answers.get(line) ?? 'no answer').split(' ').map((word) => word.replace(/^--\w+=|\/$/g, ''))
    for (const word of all) t.true(offered.includes(word), `${line}: ${word} in ${answers.get(line)}`)
    // fish offers what may stand in any place of a command.
    if (not !== undefined && !(shell === 'fish' && / connect /.test(line)))
      t.false(offered.includes(not), `${line}: ${not} in ${answers.get(line)}`)
  }
}

test.serial('zsh completes as bash does, from the first time on', (t) => offers(t, 'zsh', zsh))
test.serial('fish completes commands, flags, names, files and programs', (t) => offers(t, 'fish', fish))
