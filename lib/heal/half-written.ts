import { lstatSync } from 'node:fs'
import { tryPlan } from '../claims/remove-if-there.js'
import type { Host } from '../kernel/host.js'
import { sleep } from '../base/timers.js'
import { listHalfWritten, recordOf } from '../store/folder.js'
import { readRegular } from '../store/read-file.js'

/** How long, in milliseconds, a living process takes at most to write a record. */
const PATIENCE_MS = 20

/**
 * Removes what processes that died have left beside the records that they were writing. A living process has the lock
 * of a record while it writes beside it. So the record is written anew as it is, under that lock, and nothing is
 * deleted that a living process has written meanwhile.
 *
 * @param folders - Of records.
 * @returns What was done, a sentence each.
 */
export async function removeHalfWritten(host: Host, folders: readonly string[]): Promise<string[]> {
  const left = (await Promise.all(folders.map(listHalfWritten))).flat().map((path) => ({ path, file: fileAt(path) }))
  if (left.length === 0) return []
  await sleep(PATIENCE_MS)
  const done: string[] = []
  for (const { path, file } of left) {
    if (file === undefined || fileAt(path) !== file) continue
    const record = recordOf(path)
    const found = readRegular(record)
    if (found && found.text === undefined) continue
    const refused = await tryPlan(
      host,
      [
        // Nobody writes beside a record that is not there.
        found
          ? { op: 'file.replace', path: record, content: found.text, expected: found.text }
          : { op: 'file.delete', path },
      ],
      { patient: false },
    )
    if (!refused && fileAt(path) !== file) done.push(`file ${path}: half written, removed`)
  }
  return done
}

/** Which file a path leads to at this moment. */
function fileAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat && `${stat.ino} ${stat.mtimeMs}`
}
