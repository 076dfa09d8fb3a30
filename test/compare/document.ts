import type { Difference, Missing } from './differences.js'
import type { Explained } from './explain.js'
import type { Scenario } from './steps.js'

export interface Comparison extends Explained {
  docker: string
  slipway: string
  kernel: string
  scenarios: readonly Scenario[]
  missing: readonly Missing[]
}

/** Of one reason, so many pairs of values are shown. */
const SHOWN = 3
/** So many names are listed before it is said how many more there are. */
const LISTED = 4

/** docs/docker-differences.md. */
export function writeDocument(comparison: Comparison): string {
  const { docker, slipway, kernel, scenarios } = comparison
  return [
    '# Differences from Docker',
    '',
    `Written by \`npm run compare:docker\`, which does the same on both sides and compares field by field: ${docker} (Debian's docker.io, iptables as`,
    `it comes) and ${slipway}, on Linux ${kernel}. Do not edit: a reason is changed in \`test/compare/reasons.ts\`.`,
    '',
    'Compared are `docker inspect` (NetworkSettings, NetworkMode, Hostname), `docker network inspect`, `docker port`, the three files as they are seen',
    'inside, addresses and routes inside, the bridges on the host, and which steps are refused. Ids, times, paths and random MAC addresses are taken out',
    'first, and the order of keys is not looked at.',
    '',
    ...unexplained(comparison.unexplained),
    ...missing(comparison.missing),
    ...explained(comparison.explained),
    '## What was compared',
    '',
    ...scenarios.map(({ name, title }) => `- \`${name}\`: ${title}`),
    '',
  ].join('\n')
}

function unexplained(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return []
  return [
    '## Without a reason',
    '',
    ...table(['Scenario', 'At', 'Field', 'Docker', 'Slipway'], differences.map(({ scenario, at, field, docker, slipway }) => [scenario, at, code(field), code(docker), code(slipway)])),
  ]
}

function missing(list: readonly Missing[]): string[] {
  if (list.length === 0) return []
  const byWhat = group(list, ({ what }) => what)
  return ['## Not supported yet', '', ...table(['What', 'Scenarios'], [...byWhat].map(([what, of]) => [what, names(of)]))]
}

function explained(list: Explained['explained']): string[] {
  const rows = list.flatMap(({ reason, differences }) => {
    const pairs = [...group(differences, ({ docker, slipway }) => `${docker}\n${slipway}`).values()]
    return pairs.slice(0, SHOWN).map((same, index) => {
      const [{ docker, slipway }] = same as [Difference]
      const more = index === SHOWN - 1 && pairs.length > SHOWN ? ` … and ${pairs.length - SHOWN} more pairs of values` : ''
      return [code(fieldOf(reason.field, same)), code(docker), code(slipway), index === 0 ? reason.why : '″', names(same) + more]
    })
  })
  return ['## Differences and their reasons', '', ...table(['Field', 'Docker', 'Slipway', 'Reason', 'Scenarios'], rows)]
}

/** A field that is the same in all of them is named in full. */
function fieldOf(pattern: string, differences: readonly Difference[]): string {
  const [first, ...others] = new Set(differences.map(({ field, at }) => (field === 'step' ? at : field)))
  return first === undefined || others.length > 0 ? pattern : first
}

function names(of: readonly { scenario: string }[]): string {
  const all = [...new Set(of.map(({ scenario }) => scenario))]
  return all.slice(0, LISTED).join(', ') + (all.length > LISTED ? ` and ${all.length - LISTED} more` : '')
}

function group<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return groups
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [row(head), row(head.map(() => '---')), ...rows.map(row), '']

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('\n', ' ').replaceAll('|', '\\|')).join(' | ')} |`

const code = (text: string) => (text.startsWith('(') ? text : `\`${text}\``)
