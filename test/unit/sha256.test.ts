import { createHash } from 'node:crypto'
import test from 'ava'
import { sha256 } from '#lib/base/sha256.js'

test('SHA-256 is that of node:crypto, for texts of every length up to three blocks', (t) => {
  for (let length = 0; length < 200; length++) {
    const text = Array.from({ length }, (_, i) => String.fromCodePoint(32 + ((i * 7 + length) % 400))).join('')
    t.is(sha256(text), createHash('sha256').update(text).digest('hex'), text)
  }
})
