import { clock } from './timers.js'

/** How long ago it was, as Docker says it: `Less than a second`, `About an hour`, `3 days`. @param iso - ISO 8601. */
export function elapsed(iso: string, now = clock.time()): string {
  // A clock may have been set back since.
  const seconds = Math.max(0, Math.floor((now - Date.parse(iso)) / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.round(seconds / 3600)
  const days = Math.floor(hours / 24)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (days < 14) return `${days} days`
  if (days < 60) return `${Math.floor(days / 7)} weeks`
  if (days < 730) return `${Math.floor(days / 30)} months`
  return `${Math.floor(days / 365)} years`
}
