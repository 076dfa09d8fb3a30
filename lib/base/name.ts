import type { Check } from './checks.js'

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/

/** Checks the name of a sandbox or network: docker's rule, and what a file's name can hold. */
export const nameCheck: Check = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : 'a name of at most 100 letters, digits, "_", "." and "-" that begins with a letter or digit (it becomes the name of a file)'
