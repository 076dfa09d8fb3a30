import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { Command } from 'commander'
import { makeProgram } from '#lib/cli/program.js'

/** What texts tell people to type can be typed: the examples of the help, the README, and the advice in errors. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The program with commands that do nothing, so that only the command line is looked at. */
function idle(): Command {
  const program = makeProgram('0.0.0')
  for (const command of all(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    if (command.commands.length === 0) command.action(() => undefined)
  }
  return program
}

const all = (command: Command): Command[] => [command, ...command.commands.flatMap((one) => all(one))]

const pathOf = (command: Command): string[] => (command.parent ? [...pathOf(command.parent), command.name()] : [])

const asHelp = (command: Command): string => {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
  return text
}

/** Words as a shell has them, up to a pipe or a comment. */
function words(line: string): string[] {
  const [typed = ''] = line.trim().split(/ \| | {2,}|#/)
  return [...typed.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  )
}

async function canBeTyped(t: ExecutionContext, line: string): Promise<void> {
  const [slipway, ...args] = words(line)
  t.is(slipway, 'slipway', line)
  await t.notThrowsAsync(idle().parseAsync(args, { from: 'user' }), line)
}

test('each example of each help text is right usage', async (t) => {
  const program = makeProgram('0.0.0')
  const examples = all(program).flatMap((command) =>
    asHelp(command)
      .split('\n')
      .filter((line) => /^ {2}slipway /.test(line)),
  )
  t.true(examples.length > 40)
  for (const example of examples) await canBeTyped(t, example)
})

test('each command of the README and of docs is right usage', async (t) => {
  const pages = [
    'README.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((page) => page.endsWith('.md'))
      .map((page) => `docs/${page}`),
  ]
  const lines = pages.flatMap((page) =>
    // Each block with its language, or the end of one would be taken for the beginning of the next.
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```(\w*)\n(.*?)^```/gms)].flatMap(
      ([, language = '', block = '']) => (['', 'sh'].includes(language) ? block.split('\n') : []),
    ),
  )
  const commands = lines.filter((line) => /^slipway [a-z-]/.test(line) && !/ \/ /.test(line))
  t.true(commands.length > 5)
  // The file would be read.
  for (const command of commands) await canBeTyped(t, command.replace(/ --config \S+/, ''))
})

// Sentences in which no command follows the name.
const PROSE = [
  'slipway network ${network.name}, records in',
  'slipway ruleset',
  'slipway only',
  'slipway never touches',
  'slipway command',
  // The resolver's thread.
  'slipway names',
]

test('the commands that errors advise exist, and take what they are told to be given', async (t) => {
  const known = all(idle())
    .map((command) => pathOf(command).join(' '))
    .filter((path) => path !== '')
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && (!file.startsWith('cli/') || file.startsWith('cli/doctor/')),
  )
  let advised = 0
  for (const file of sources) {
    const text = readFileSync(join(ROOT, 'lib', file), 'utf8')
    const code = text
      .split('\n')
      .filter((line) => !/^ *(\/?\*|\/\/)/.test(line))
      .join('\n')
    for (const [advice] of code.matchAll(/\bslipway [a-z]+(?: [a-z]+)?(?: \$\{[^}]+\})*/g)) {
      if (PROSE.some((prose) => prose.startsWith(advice) || advice.startsWith(prose))) continue
      const [, first = '', second = ''] = advice.split(' ')
      const path = known.includes(`${first} ${second}`) ? `${first} ${second}` : first
      t.true(known.includes(path), `${file}: ${advice}`)
      const given = advice.match(/\$\{[^}]+\}/g) ?? []
      if (given.length > 0) await canBeTyped(t, `slipway ${path} ${given.map((_, index) => `x${index}`).join(' ')}`)
      advised++
    }
  }
  t.true(advised >= 10, String(advised))
})
