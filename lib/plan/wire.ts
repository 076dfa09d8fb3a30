import type { Plan } from './operation.js'
import { TRAITS, type Shape } from './traits.js'

/**
 * A plan on its way to C++: one text, so that one call carries it over. Reading some seventy properties of objects from
 * C++ costs 60 µs of a millisecond that is to be the kernel's; this costs a tenth.
 *
 * The fields of each operation are written as {@link TRAITS} has them, and `native/js/read_plan.cc` reads them by the
 * list in `native/plan/operation.h`. Every field ends with US (0x1f), which no name, address or JSON text holds. What
 * is left out is empty, and a part begins with how often it is there. First of all is how many ends there are: a field
 * with one in it would have what comes behind it read as other fields, so C++ counts them. (To look for them here takes
 * longer than all else.)
 */
export function wirePlan(plan: Plan): string {
  const fields: Field[] = [0, plan.length]
  for (const operation of plan) {
    const traits: Shape & { neverEmpty?: string } = TRAITS[operation.op]
    fields.push(operation.op)
    pushFields(fields, traits, operation)
    if (traits.neverEmpty !== undefined) refuseEmpty(operation, traits.neverEmpty)
  }
  fields.push('')
  fields[0] = fields.length - 1
  return fields.join(END)
}

/** What every field ends with. */
export const END = '\x1f'
type Field = string | number | boolean | undefined

/** @throws {RangeError} It would be as if the field were not there. */
function refuseEmpty(operation: object & { op: string }, name: string): void {
  if ((operation as unknown as Readonly<Record<string, unknown>>)[name] === '')
    throw new RangeError(`${operation.op}: ${name} is empty. Leave it out, or give a text.`)
}

/**
 * Goes by what is there, and not by what could be: most fields are left out, and to ask for one takes V8 ten times as
 * long as to meet one.
 */
function pushFields(fields: Field[], shape: Shape, from: object): void {
  const given = from as Readonly<Record<string, unknown>>
  const places = placesIn(shape)
  const start = fields.length
  for (let left = places.size; left > 0; left--) fields.push(undefined)
  for (const name in given) {
    const place = places.get(name)
    if (place !== undefined) fields[start + place] = given[name] as Field
  }
  if (shape.parts !== undefined) for (const [name, part] of shape.parts) pushPart(fields, part, given[name])
}

const PLACES = new Map<Shape, ReadonlyMap<string, number>>()

function placesIn(shape: Shape): ReadonlyMap<string, number> {
  let places = PLACES.get(shape)
  if (!places) PLACES.set(shape, (places = new Map(shape.fields.map((name, index) => [name, index]))))
  return places
}

function pushPart(fields: Field[], shape: Shape | 'texts', part: unknown): void {
  if (part === undefined) {
    fields.push(0)
    return
  }
  const items = (Array.isArray(part) ? part : [part]) as readonly object[]
  fields.push(items.length)
  if (shape === 'texts') fields.push(...(items as readonly unknown[] as string[]))
  else for (const item of items) pushFields(fields, shape, item)
}
