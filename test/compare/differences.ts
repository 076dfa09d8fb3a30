import { fieldsOf } from './normalize.js'
import type { Observation } from './observation.js'
import type { Scenario } from './steps.js'

/** Both sides of one scenario. */
export interface Pair {
  scenario: Scenario
  docker: Observation
  slipway: Observation
}

export interface Difference {
  scenario: string
  /** What was looked at: `app`, `network web`, or the step. */
  at: string
  field: string
  docker: string
  slipway: string
}

/** Something that the slipway side could not be asked or could not do yet. */
export interface Missing {
  scenario: string
  what: string
}

/** Stands in a difference for a field that one side does not have. */
export const ABSENT = '(not there)'
const DONE = 'done'
const REFUSED = 'refused'

/** Field by field, everything in which the two sides differ. */
export function compare({ scenario, docker, slipway }: Pair): { differences: Difference[]; missing: Missing[] } {
  const differences: Difference[] = []
  const missing: Missing[] = []
  const found = (at: string, field: string, one: string, other: string) => differences.push({ scenario: scenario.name, at, field, docker: one, slipway: other })
  docker.steps.forEach(({ step, refused }, index) => {
    const ours = slipway.steps[index]
    if (!ours) return
    if (ours.unsupported !== undefined) missing.push({ scenario: scenario.name, what: `${step}: ${ours.unsupported}` })
    else if ((refused === undefined) !== (ours.refused === undefined)) found(step, 'step', outcome(refused), outcome(ours.refused))
  })
  for (const [at, sighting] of Object.entries(docker.sightings)) {
    const other = slipway.sightings[at]
    // The scenario ended before: the step that it ended at is reported.
    if (!other) continue
    const mine = fieldsOf(other, slipway, scenario)
    const { fields } = fieldsOf(sighting, docker, scenario)
    for (const [field, what] of mine.unsupported) missing.push({ scenario: scenario.name, what: `${field}: ${what}` })
    for (const field of new Set([...fields.keys(), ...mine.fields.keys()])) {
      if ([...mine.unsupported.keys()].some((start) => field === start || field.startsWith(`${start}.`))) continue
      const [one, ours] = [fields.get(field) ?? ABSENT, mine.fields.get(field) ?? ABSENT]
      if (one !== ours) found(at, field, one, ours)
    }
  }
  return { differences, missing }
}

/** Of a message, the first sentence. */
const outcome = (refused: string | undefined) => (refused === undefined ? DONE : `${REFUSED}: ${refused.split(/(?<=\.) |\n/)[0] ?? ''}`)
