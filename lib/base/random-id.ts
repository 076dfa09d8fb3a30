import { closeSync, openSync, readSync } from 'node:fs'

// Digits for many ids at once: each call costs some microseconds, whatever its size.
const DIGITS = 64
// A few: each of them keeps the digits of all in memory.
const IDS = 64
let pool = ''
let used = 0

/** 64 random hex digits, docker's kind of id. */
export function randomId(): string {
  if (used === pool.length) {
    pool = randomDigits()
    used = 0
  }
  used += DIGITS
  return pool.slice(used - DIGITS, used)
}

/** The kernel's own, as node:crypto has them from there, which takes 2 ms to be loaded. */
function randomDigits(): string {
  const bytes = Buffer.alloc((DIGITS * IDS) / 2)
  const urandom = openSync('/dev/urandom', 'r')
  try {
    // The kernel gives as much as is asked for at once, up to 32 MiB (random(4)).
    readSync(urandom, bytes)
  } finally {
    closeSync(urandom)
  }
  return bytes.toString('hex')
}
