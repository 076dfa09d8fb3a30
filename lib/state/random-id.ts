import { randomFillSync } from 'node:crypto'

// One call for many ids: each call costs some microseconds, whatever its size.
const BYTES = 32
const pool = Buffer.alloc(BYTES * 64)
let used = pool.length

/** 64 random hex digits, docker's kind of id. */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += BYTES
  return pool.toString('hex', used - BYTES, used)
}
