import { badRequest } from '../http/http-error.js'

/** A flag of a query, as Go's `strconv.ParseBool` reads it. @throws {HttpError} 400 */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? ''
  if (text === '' || /^(0|f|F|FALSE|false|False)$/.test(text)) return false
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  throw badRequest(`invalid value for ${name}: ${JSON.stringify(text)} is neither true nor false`)
}

/** A whole number of a query; `undefined` where there is none. @throws {HttpError} 400 */
export function queryWhole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  throw badRequest(`invalid value for ${name}: ${JSON.stringify(text)} is no whole number`)
}

/**
 * The filters of a query: `{"name":{"web":true}}`, or `{"name":["web"]}`, which older clients send.
 *
 * @param known - Which there are.
 * @throws {HttpError} 400
 */
export function queryFilters(query: URLSearchParams, known: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const text = query.get('filters') ?? ''
  const filters = new Map<string, readonly string[]>()
  for (const [key, values] of Object.entries(parse(text))) {
    if (!known.includes(key)) throw badRequest(`invalid filter '${key}': there are ${known.join(', ')}`)
    filters.set(key, values)
  }
  return filters
}

function parse(text: string): Record<string, readonly string[]> {
  if (text === '') return {}
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw invalidFilter()
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalidFilter()
  return Object.fromEntries(Object.entries(given).map(([key, values]) => [key, valuesOf(values)]))
}

function valuesOf(values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every((one) => typeof one === 'string')) return values
  if (
    typeof values === 'object' &&
    values !== null &&
    !Array.isArray(values) &&
    Object.values(values).every((one) => typeof one === 'boolean')
  )
    return Object.keys(values)
  throw invalidFilter()
}

const invalidFilter = () => badRequest('invalid filter: it is written {"name":{"web":true}}')
