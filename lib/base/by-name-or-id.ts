import { SlipwayError } from './errors.js'

/** Whether a text is a whole id, which means what has it, whatever else has that for a name. */
export const isWholeId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/**
 * What has an id that is given, or begins so; or else `undefined`.
 *
 * @param what - `network`, `sandbox`.
 * @throws {SlipwayError} `CONFLICT` when several ids begin so.
 */
export function byId<T>(all: readonly T[], given: string, what: string, of: (one: T) => { id: string; name: string }) {
  if (!/^[0-9a-f]+$/.test(given)) return undefined
  const found = all.filter((one) => of(one).id.startsWith(given))
  if (found.length < 2) return found[0]
  const names = found.map((one) => of(one).name).join(', ')
  throw new SlipwayError(
    'CONFLICT',
    `Several ${what === 'sandbox' ? 'sandboxes' : `${what}s`} have an id that begins with ${given}: ${names}. Give more digits, or a name.`,
  )
}
