import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { EventHub } from '#lib/events/hub.js'
import { KnownRecords } from '#lib/heal/known-records.js'
import type { StoredRecord } from '#lib/store/records.js'
import { limiter } from '../helpers/descriptors.js'
import { networkRecord, sandboxRecord } from '../helpers/whole-records.js'

const stored = (record: unknown) => ({ record, path: '/nonexistent/a.json', text: '', marked: true }) as never

/** What this process remembers of records, and whoever is told of what it has done. */

test('a record that cannot be read, as no descriptor is left, stays known', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-known-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.json')
  writeFileSync(path, '{"id":"1"}')
  const known = new KnownRecords()
  known.did(undefined, { path, text: '{"id":"1"}', record: { id: '1' }, marked: true } as unknown as StoredRecord)
  const limit = limiter(t)
  const next = openSync('/dev/null', 'r')
  closeSync(next)
  await limit(next)
  t.throws(() => openSync('/dev/null', 'r'), { code: 'EMFILE' })
  known.heard([path])
  t.true(known.has(path))
  await limit(1024)
  known.heard([path])
  t.true(known.has(path))
  writeFileSync(path, '{"id":"2"}')
  known.heard([path])
  t.false(known.has(path))
})

test('what was done is told to listeners, whoever of those that watch fails', async (t) => {
  const hub = new EventHub({ sandboxes: '/nonexistent', networks: '/nonexistent' }, () => ({
    heard: () => undefined,
    did() {
      throw new Error('no descriptor is left')
    },
    didNetwork() {
      throw new Error('no descriptor is left')
    },
  }))
  const told: (string | undefined)[] = []
  const events = hub.subscribe({ type: 'host' })
  const read = (async () => {
    for await (const { action, attributes } of events) told.push(`${action}: ${attributes['message']}`)
  })()
  hub.didSandbox(undefined, stored(sandboxRecord))
  hub.didNetwork(stored(networkRecord), undefined)
  await hub.close()
  await read
  const sentence = 'lost: What others damage of what this process does may not be noticed: no descriptor is left'
  t.deepEqual(told, [sentence, sentence])
})
