import type { Check } from './checks.js'

/** Texts by name that people give to what they make: docker's `--label`. */
export type Labels = Readonly<Record<string, string>>

export const labelsCheck: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === 'string')
    ? undefined
    : "texts by name, as in { team: 'blue' }"
