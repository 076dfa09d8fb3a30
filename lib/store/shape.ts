import { show } from '../base/errors.js'

/** What is wrong with a value that was read from a file: where in it, and what was expected there. */
export interface Flaw {
  /** `endpoints[0].mac`; empty for the whole. */
  field: string
  expected: string
  value: unknown
}

/** Says what is wrong with a value; nothing where it is as it should be. */
export interface Shape {
  (value: unknown): Flaw | undefined
  /** What it is made of: so that a test can go through every field that there is. */
  readonly parts?: Parts
}

export interface Parts {
  /** Shapes of an object's fields. */
  fields?: Readonly<Record<string, Shape>>
  /** Of each item of a list. */
  item?: Shape
  /** Of each field of an object, whatever its name is. */
  each?: Shape
  /** Further shapes of the same value. */
  of?: readonly Shape[]
  /** A further shape of the same value, which depends on that. */
  by?: (value: unknown) => Shape | undefined
  /** It may be left out. */
  optional?: true
}

const made = (parts: Parts, shape: Shape): Shape => Object.assign(shape, { parts })

export const flaw = (expected: string, value: unknown, field = ''): Flaw => ({ field, expected, value })

/** `mac must be a MAC address, and is 7` */
export const sayFlaw = ({ field, expected, value }: Flaw): string =>
  value === undefined
    ? `${field} is missing (${expected})`
    : `${field || 'it'} must be ${expected}, and is ${show(value)}`

/** A value that a question is answered with yes for. */
export const is =
  (expected: string, test: (value: unknown) => boolean): Shape =>
  (value) =>
    test(value) ? undefined : flaw(expected, value)

/** A text. @param pattern - Of all of it. */
export const text = (expected: string, pattern: RegExp): Shape =>
  is(expected, (value) => typeof value === 'string' && pattern.test(value))

/** A text that a question is answered with yes for. */
export const textThat = (expected: string, test: (value: string) => boolean): Shape =>
  is(expected, (value) => typeof value === 'string' && test(value))

export const whole = (first: number, last: number): Shape =>
  is(
    `a whole number from ${first} to ${last}`,
    (value) => Number.isInteger(value) && Number(value) >= first && Number(value) <= last,
  )

export const oneOf = (...values: readonly unknown[]): Shape =>
  is(values.length === 1 ? show(values[0]) : `one of ${values.map(show).join(', ')}`, (value) => values.includes(value))

export const flag: Shape = is('true or false', (value) => typeof value === 'boolean')

export const optional = (shape: Shape): Shape =>
  made({ of: [shape], optional: true }, (value) => (value === undefined ? undefined : shape(value)))

const within = (key: string, { field, ...rest }: Flaw): Flaw => ({
  ...rest,
  field: field === '' ? key : `${key}${field.startsWith('[') ? '' : '.'}${field}`,
})

export const list = (item: Shape): Shape =>
  made({ item }, (value) => {
    if (!Array.isArray(value)) return flaw('a list', value)
    for (const [index, one] of value.entries()) {
      const found = item(one)
      if (found) return within(`[${index}]`, found)
    }
    return undefined
  })

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What an object has itself: a field named like one that every object inherits is no such field. */
const own = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

/** Fields that are not named may be there, too: a later version of Slipway may say more. */
export const fields = (shapes: Readonly<Record<string, Shape>>): Shape => {
  const named = Object.entries(shapes)
  return made({ fields: shapes }, (value) => {
    if (!isPlain(value)) return flaw('an object', value)
    for (const [key, shape] of named) {
      const found = shape(own(value, key))
      if (found) return within(key, found)
    }
    return undefined
  })
}

/** An object of which every field has the same shape. */
export const byName = (shape: Shape): Shape =>
  made({ each: shape }, (value) => {
    if (!isPlain(value)) return flaw('an object', value)
    for (const [key, one] of Object.entries(value)) {
      const found = shape(one)
      if (found) return within(key, found)
    }
    return undefined
  })

/** A shape that follows from the value; there may be none for it. */
export const by = (choose: (value: unknown) => Shape | undefined): Shape =>
  made({ by: choose }, (value) => choose(value)?.(value))

/** The first thing that is wrong by any of several shapes. */
export const all = (...shapes: readonly Shape[]): Shape =>
  made({ of: shapes }, (value) => {
    for (const shape of shapes) {
      const found = shape(value)
      if (found) return found
    }
    return undefined
  })
