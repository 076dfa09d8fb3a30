import { clock } from '../../../base/timers.js'
import { badRequest } from '../../http/http-error.js'

/** Which events a client asks for, in milliseconds since 1970. */
export interface Period {
  /** `undefined`: from now on, or with `until` from the first that is remembered. */
  since: number | undefined
  /** `undefined`: for ever. */
  until: number | undefined
  /** Whether it has been before. */
  isPast: boolean
}

/** @throws {HttpError} 400 */
export function readPeriod(query: URLSearchParams): Period {
  const [since, until] = [readTime(query, 'since'), readTime(query, 'until')]
  // In the words of dockerd.
  if (since !== undefined && until !== undefined && since > until)
    throw badRequest(`\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`)
  return { since, until, isPast: until !== undefined && until <= clock.time() }
}

/** Seconds with a fraction, as docker's command sends any time. */
function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (!/^\d{1,11}(\.\d{1,9})?$/.test(text))
    throw badRequest(`invalid value for ${name}: ${JSON.stringify(text)} is no time in seconds since 1970`)
  const time = Number(text) * 1000
  // Docker's zero is no time.
  return time === 0 ? undefined : time
}
