import { flaw, sayFlaw, type Shape } from './shape.js'

/** A kind of records: what each must be to be believed. */
export interface RecordKind<T> {
  version: number
  /** What makes of a record of a version one of the next. */
  migrations: Readonly<Record<number, (record: Record<string, unknown>) => Record<string, unknown>>>
  /** Of a record of {@link version}. */
  shape: Shape
  /** Never there: which record it is. */
  record?: T
}

/** What is in a file: a record, or why it is none. */
export type RecordOrFlaw<T> =
  | { record: T; why?: undefined }
  | { record?: undefined; why: string; /** It is of a later version of Slipway, and good there. */ later?: true }

/**
 * Reads a record.
 *
 * @param name - Of its file: the record must say the same.
 */
export function readRecordText<T>(
  { version, migrations, shape }: RecordKind<T>,
  name: string,
  text: string,
): RecordOrFlaw<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { why: `it is no JSON (${(error as Error).message})` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { why: sayFlaw(flaw('an object', value)) }
  let record = value as Record<string, unknown>
  for (let from = record['version']; typeof from === 'number' && from < version; from = record['version']) {
    const migrate = Object.hasOwn(migrations, from) ? migrations[from] : undefined
    record = migrate?.(record) ?? record
    if (record['version'] === from) break
  }
  const found = record['version']
  if (found !== version) {
    const later = Number.isInteger(found) && Number(found) > version && Number(found) < version + 100
    return {
      why: later
        ? `version is ${String(found)}, of a later Slipway (this one knows ${version})`
        : sayFlaw(flaw(String(version), found, 'version')),
      ...(later ? { later } : {}),
    }
  }
  const wrong = shape(record)
  if (wrong) return { why: sayFlaw(wrong) }
  return record['name'] === name
    ? { record: record as T }
    : { why: sayFlaw(flaw(`${JSON.stringify(name)}, after its file`, record['name'], 'name')) }
}
