import { IMAGE } from '../../build-bench/peers/docker/image.js'
import { commandOf } from './docker/commands.js'
import { firstSentence, type Difference, type Refusal } from './differences.js'
import { TOPICS, type Explained } from './explain.js'
import { describeStep, type Act, type List, type Scenario } from './steps.js'

export interface Comparison extends Explained {
  docker: string
  slipway: string
  kernel: string
  scenarios: readonly Scenario[]
  /** For which the kernel lacked a kind of link. */
  leftOut: readonly Scenario[]
  refusals: readonly Refusal[]
}

/** docs/docker-differences.md. */
export function writeDocument(comparison: Comparison): string {
  const { docker, slipway, kernel, scenarios, leftOut, refusals } = comparison
  return [
    '# Differences from Docker',
    '',
    `Written by \`npm run compare:docker\`: a real dockerd (${docker}, Debian's docker.io, iptables as it comes) and ${slipway} each run ${scenarios.length}`,
    `scenarios on Linux ${kernel}, and the results are compared field by field. **What the scenarios show and this page does not list is the same.** That is:`,
    '`docker inspect` (NetworkSettings, NetworkMode, Hostname), `docker network inspect`, `docker network ls`, `docker port`, `hostname`,',
    '`hosts` and `resolv.conf`; links, addresses and routes inside; bridges on the host; which connections over TCP succeed, and under which address the',
    "other side sees them; what is refused; and what Docker's API answers, as far as it is about networks.",
    '',
    'Not compared: the order of keys, and what differs from run to run: ids, times, paths, and MAC addresses that were not asked',
    'for. (Docker draws these at random. Slipway makes them from the address, so that a neighbour that remembers one stays right.)',
    '',
    ...unexplained(comparison.unexplained),
    ...explained(comparison.explained, scenarios),
    ...refused(refusals),
    '## The scenarios',
    '',
    ...scenarios.map(({ name, title }) => `- \`${name}\`: ${title}`),
    '',
    ...notPlayed(leftOut),
    `What a difference is, and how to add a scenario, is in [test/compare/README.md](../test/compare/README.md).`,
    '',
  ].join('\n')
}

function unexplained(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return []
  return [
    '## Without a reason',
    '',
    ...table(
      ['Scenario', 'At', 'Field', 'Docker', 'Slipway'],
      differences.map(({ scenario, at, field, docker, slipway }) => [
        scenario,
        at,
        code(field),
        code(docker),
        code(slipway),
      ]),
    ),
  ]
}

const explained = (list: Explained['explained'], scenarios: readonly Scenario[]): string[] =>
  TOPICS.flatMap((topic) => {
    const about = list.filter(({ reason }) => reason.topic === topic)
    if (about.length === 0) return []
    return [
      `## ${topic}`,
      '',
      ...about.flatMap(({ reason: { what, why }, differences }) => [
        `**${what}.** ${why}`,
        '',
        ...example(differences, scenarios),
        '',
      ]),
    ]
  })

/** The most frequent of the differences. */
function example(differences: readonly Difference[], scenarios: readonly Scenario[]): string[] {
  const byValues = new Map<string, Difference[]>()
  for (const one of differences) {
    const values = JSON.stringify([one.docker, one.slipway])
    byValues.set(values, [...(byValues.get(values) ?? []), one])
  }
  const [first] = [...byValues.values()].sort((a, b) => b.length - a.length)[0] ?? []
  if (!first) return []
  const where = [...new Set(differences.map(({ scenario }) => scenario))]
  const more = where.length > 1 ? ` and ${where.length - 1} more` : ''
  return [
    `    ${nameOf(first, scenarios)} (${first.scenario}${more})`,
    `    Docker:  ${first.docker}`,
    `    Slipway: ${first.slipway}`,
  ]
}

const COMMANDS: Readonly<Record<string, string>> = { port: 'docker port', networks: 'docker network ls' }

/** As users know it: the command, the JSON's field, the file. */
function nameOf({ field, at, scenario: name }: Difference, scenarios: readonly Scenario[]): string {
  const step = scenarios.find((scenario) => scenario.name === name)?.steps.find((one) => describeStep(one) === at)
  if (field === 'step' && step && step.do !== 'look' && step.do !== 'reach' && step.do !== 'ask')
    return `docker ${commandLine(step)}`
  return COMMANDS[field] ?? field.replace(/^inspect\./, '')
}

/** What both refuse, in the words of each. */
function refused(refusals: readonly Refusal[]): string[] {
  if (refusals.length === 0) return []
  const scenarios = [...new Set(refusals.map(({ scenario }) => scenario))]
  return [
    '## What both refuse, in the words of each',
    '',
    'For Slipway, the table has the code and the first sentence. The next sentence of the message says what to do instead.',
    '',
    ...scenarios.flatMap((scenario) => [
      `### ${capital(scenario.title)}`,
      '',
      ...table(
        ['`docker …`', 'Docker', 'Slipway'],
        refusals
          .filter((refusal) => refusal.scenario === scenario)
          .map(({ step, docker, slipway }) => [code(commandLine(step)), brief(docker), brief(firstSentence(slipway))]),
      ),
    ]),
  ]
}

function notPlayed(leftOut: readonly Scenario[]): string[] {
  if (leftOut.length === 0) return []
  return [
    'Not compared, as the kernel of this run lacks a kind of link:',
    '',
    ...leftOut.map(({ name, title, needs = [] }) => `- \`${name}\`: ${title} (${needs.join(', ')})`),
    '',
  ]
}

/** As it would be typed, without what every `docker run` here has. */
function commandLine(step: Act | List): string {
  const words = commandOf(step)
  const end = step.do === 'run' ? words.indexOf(IMAGE) : words.length
  return brief(
    words
      .slice(0, end)
      .filter((word) => word !== '--detach' && !word.startsWith('--name='))
      .join(' '),
  )
}

/** Without what is another in every run, and without long repetitions. */
const brief = (text: string) =>
  text
    .replace(/\b[0-9a-f]{64}\b|(?<=id:")[0-9a-f]{12}\b/g, '…')
    .replace(/\bveth[0-9a-f]{7}\b/g, 'veth…')
    .replace(/ exit status 1$/, '')
    .replace(/(.)\1{20,}/g, '$1$1$1…')

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
  '',
]

const row = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('\n', ' ').replaceAll('|', '\\|')).join(' | ')} |`

const code = (text: string) => (text.startsWith('(') ? text : `\`${text}\``)
