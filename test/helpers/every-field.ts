import type { Shape } from '#lib/store/shape.js'

/** Where a field is in a record: names, and numbers of items. */
export type Path = readonly (string | number)[]

export interface Field {
  path: Path
  /** `endpoints[0].mac`, as it is named where it is wrong. */
  name: string
  optional: boolean
}

/**
 * Every field that a kind of records has, by its shape: in lists the first item, and where any name may be, the first
 * that the record has.
 *
 * @param record - A record of the kind in which each field is.
 * @throws Where a field of the shape is not in the record: then no test would try it.
 */
export function fieldsOf(shape: Shape, record: unknown, path: Path = []): Field[] {
  const { fields = {}, item, each, of = [], by, optional = false } = shape.parts ?? {}
  const further = by?.(record)
  const found: Field[] = path.length === 0 ? [] : [{ path, name: nameOf(path), optional }]
  const below = (part: Shape, key: string | number): void => {
    const value = (record as Record<string | number, unknown>)[key]
    if (value === undefined) throw new Error(`the record to be damaged has no ${nameOf([...path, key])}`)
    found.push(...fieldsOf(part, value, [...path, key]))
  }
  for (const [key, part] of Object.entries(fields)) below(part, key)
  if (item) below(item, 0)
  // A field of any name may always be left out.
  if (each)
    below({ ...each, parts: { ...each.parts, optional: true } } as Shape, Object.keys(record as object)[0] ?? '')
  for (const part of further ? [...of, further] : of)
    found.push(...fieldsOf(part, record, path).slice(path.length === 0 ? 0 : 1))
  return found
}

export const nameOf = (path: Path): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')

/** A record that is the same but for one field. @param value - `undefined`: it is left out. */
export function changed<T>(record: T, path: Path, value: unknown): T {
  const copy = JSON.parse(JSON.stringify(record)) as Record<string | number, unknown>
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  const last = path.at(-1) ?? ''
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy as T
}

const MANY = 100_000

/** What may come to stand in a field, by what it is called. */
export const VALUES: Readonly<Record<string, unknown>> = {
  missing: undefined,
  null: null,
  'an empty text': '',
  'a text': 'text',
  'a long text': 'x'.repeat(MANY),
  'a path that climbs': '../../../../etc/passwd',
  'a path of another program': '/run/precious',
  'a link of another program': 'uplink',
  'a number': 7,
  'a negative number': -1,
  'no whole number': 0.5,
  'a number that is none': Number.NaN,
  'a large number': 2 ** 53,
  'a list': [],
  'a long list': Array.from({ length: MANY }, () => 0),
  'an object': {},
  yes: true,
  no: false,
}
