import { basename, dirname } from 'node:path'
import { readRecordText, type RecordKind } from '../store/kind.js'
import type { Stored } from '../store/folder.js'
import { NETWORK } from '../store/network-kind.js'
import type { StoredNetwork } from '../store/network-records.js'
import { SANDBOX } from '../store/sandbox-kind.js'
import type { StoredRecord } from '../store/records.js'

type Written = Pick<Stored<unknown>, 'path' | 'text'>

/**
 * Records of what this process has made, changed or found when it opened the host, as they were written last: where
 * somebody deletes the file of one, nobody else knows what was in it.
 */
export class KnownRecords {
  readonly #texts = new Map<string, string>()

  /** From one record (none: it was made) to the next (none: it was removed). */
  did(before: Written | undefined, after: Written | undefined): void {
    if (before) this.#texts.delete(before.path)
    if (after) this.#texts.set(after.path, after.text)
  }

  /** Names of the records of a folder. */
  *in(folder: string): Generator<string> {
    for (const path of this.#texts.keys()) if (dirname(path) === folder) yield nameOf(path)
  }

  has(path: string): boolean {
    return this.#texts.has(path)
  }

  /** @param removed - Paths of files, or of their folders. */
  *sandboxes(folder: string, removed: ReadonlySet<string>): Generator<StoredRecord> {
    yield* this.#read(folder, SANDBOX, removed)
  }

  *networks(folder: string, removed: ReadonlySet<string>): Generator<StoredNetwork> {
    yield* this.#read(folder, NETWORK, removed)
  }

  *#read<T>(folder: string, kind: RecordKind<T>, removed: ReadonlySet<string>): Generator<Stored<T>> {
    for (const path of removed.has(folder) ? this.#texts.keys() : removed) {
      const text = this.#texts.get(path)
      if (text === undefined || dirname(path) !== folder) continue
      const { record } = readRecordText(kind, nameOf(path), text)
      if (record) yield { record, path, text, marked: true }
    }
  }
}

const nameOf = (path: string): string => basename(path, '.json')
