import { clock } from './timers.js'
// Most come many a second: what they share is printed once.
let second = NaN
let begin = ''

/** This moment, as `Date.prototype.toISOString` prints it. */
export function timestamp(): string {
  const now = clock.time()
  const milliseconds = now % 1000
  if (now - milliseconds !== second) {
    second = now - milliseconds
    begin = new Date(second).toISOString().slice(0, -4)
  }
  return `${begin}${String(milliseconds).padStart(3, '0')}Z`
}
