import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Mark, Marks } from '#lib/store/pool-marks.js'
import { thisProcess } from '#lib/store/maker.js'

// Whose spare sandboxes are whose, by names of links and of files.

function newFolder(t: { teardown(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-marks-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'pool')
}

const linkOf = (id: string) => `veth${id.slice(0, 11)}`

test('a million ids differ where links and MAC addresses are named after them', (t) => {
  const mark = new Mark('/nowhere')
  const links = new Set<string>()
  const macs = new Set<string>()
  for (let made = 0; made < 2 ** 20; made++) {
    const id = mark.nextId()
    if (made === 0) t.regex(id, /^[0-9a-f]{64}$/)
    links.add(linkOf(id))
    macs.add(id.slice(0, 8))
  }
  t.is(links.size, 2 ** 20)
  t.is(macs.size, 2 ** 20)
})

test("links of living processes are kept, those of dead ones are theirs, others are nobody's", async (t) => {
  const folder = newFolder(t)
  t.false((await Marks.read(folder)).isKept('veth0123456789a'))
  const mark = new Mark(folder)
  mark.write()
  mark.write()
  const link = linkOf(mark.nextId())
  const { pid, started } = thisProcess()
  // A process of our number that began at another time has died.
  writeFileSync(join(folder, `${pid}-1-abcdef`), '')
  writeFileSync(join(folder, 'README'), '')
  t.is(readdirSync(folder).length, 3)
  const marks = await Marks.read(folder)
  t.true(marks.isKept(link))
  for (const other of ['veth00000abcdef', 'veth0123456789a', 'docker0', `${link}0`]) t.false(marks.isKept(other))
  t.deepEqual(marks.left([link, 'veth00000abcdef', 'docker0']), [
    { path: join(folder, `${pid}-1-abcdef`), pid, links: ['veth00000abcdef'] },
  ])
  mark.remove()
  mark.remove()
  t.false((await Marks.read(folder)).isKept(link))
  t.truthy(started)
})

test('who is not alone begins at a place of its own', (t) => {
  const folder = newFolder(t)
  const mark = new Mark(folder)
  mark.write()
  t.is(mark.startingPlace(), 0)
  const { pid, started } = thisProcess()
  writeFileSync(join(folder, `${pid}-1-abcdef`), '')
  t.is(mark.startingPlace(), 0)
  writeFileSync(join(folder, `${pid}-${started}-123456`), '')
  const place = mark.startingPlace()
  t.true(place > 0 && place < 1)
})
