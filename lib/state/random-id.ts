import { randomBytes } from 'node:crypto'

// Digits for many ids at once: each call costs some microseconds, whatever its size.
const DIGITS = 64
// A few: each of them keeps the digits of all in memory.
const IDS = 64
let pool = ''
let used = 0

/** 64 random hex digits, docker's kind of id. */
export function randomId(): string {
  if (used === pool.length) {
    pool = randomBytes((DIGITS * IDS) / 2).toString('hex')
    used = 0
  }
  used += DIGITS
  return pool.slice(used - DIGITS, used)
}
