import { fieldsOf } from './normalize.js'
import type { Observation } from './observation.js'
import type { Act, Scenario } from './steps.js'

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

/** A step that both sides refuse, in the words of each. */
export interface Refusal {
  scenario: Scenario
  step: Act
  docker: string
  slipway: string
}

/** Stands in a difference for a field that one side does not have. */
export const ABSENT = '(not there)'
const DONE = 'done'
const REFUSED = 'refused'

/** Field by field, everything in which the two sides differ. */
export function compare({ scenario, docker, slipway }: Pair): Difference[] {
  const differences: Difference[] = []
  const found = (at: string, field: string, one: string, other: string) =>
    differences.push({ scenario: scenario.name, at, field, docker: one, slipway: other })
  docker.steps.forEach(({ step, refused }, index) => {
    const ours = slipway.steps[index]
    if (ours && (refused === undefined) !== (ours.refused === undefined))
      found(step, 'step', outcome(refused), outcome(ours.refused))
  })
  for (const [at, sighting] of Object.entries(docker.sightings)) {
    const other = slipway.sightings[at]
    // The scenario ended before: the step that it ended at is reported.
    if (!other) continue
    const mine = fieldsOf(at, other, slipway, scenario)
    const fields = fieldsOf(at, sighting, docker, scenario)
    for (const field of new Set([...fields.keys(), ...mine.keys()])) {
      const [one, ours] = [fields.get(field) ?? ABSENT, mine.get(field) ?? ABSENT]
      if (one !== ours) found(at, field, one, ours)
    }
  }
  return differences
}

/** The steps that both sides refuse. */
export function refusalsOf({ scenario, docker, slipway }: Pair): Refusal[] {
  const acts = scenario.steps.filter((step): step is Act => !['look', 'list', 'reach', 'ask'].includes(step.do))
  return acts.flatMap((step, index) => {
    const [one, other] = [docker.steps[index]?.refused, slipway.steps[index]?.refused]
    return one === undefined || other === undefined ? [] : [{ scenario, step, docker: one, slipway: other }]
  })
}

const outcome = (refused: string | undefined) =>
  refused === undefined ? DONE : `${REFUSED}: ${firstSentence(refused)}`

/** Of a message; its first line where that is shorter. */
export const firstSentence = (message: string): string =>
  message.split(/(?<=\.) |(?<=[^:])\n/)[0]?.replaceAll('\n', ' ') ?? ''
