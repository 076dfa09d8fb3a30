import { basename, dirname } from 'node:path'
import { now } from '../base/timers.js'
import { readRecordText, type RecordKind } from '../store/kind.js'
import type { Stored } from '../store/folder.js'
import { inThisBoot, namespaceAt, type BootedNamespace } from '../store/namespace.js'
import { NETWORK } from '../store/network-kind.js'
import type { StoredNetwork } from '../store/network-records.js'
import { readRegular } from '../store/read-file.js'
import { SANDBOX } from '../store/sandbox-kind.js'
import type { SandboxRecord, StoredRecord } from '../store/records.js'

type Written = Stored<SandboxRecord> | StoredNetwork

/** So many deletions of what was not known are remembered. */
const MOST = 256

interface Known {
  text: string
  /** Of a sandbox that has nothing else in the kernel, and whose record does not say it yet. */
  namespace?: BootedNamespace | undefined
  /** Since when it is known that another process has changed it. */
  outdated?: number
}

/**
 * Records of what this process has made, changed or found when it opened the host, as they were written last: where
 * somebody deletes the file of one, nobody else knows what was in it.
 */
export class KnownRecords {
  readonly #known = new Map<string, Known>()
  /** Paths of files that were deleted while they were not known. */
  readonly #deleted = new Set<string>()

  /**
   * From one record (none: it was made) to the next (none: it was removed).
   *
   * @returns Whether one at the path of the next has been deleted before it was known.
   */
  did(before: Written | undefined, after: Written | undefined): boolean {
    if (before) this.#known.delete(before.path)
    if (!after) return false
    this.#known.set(after.path, { text: after.text, namespace: unsaidNamespace(after.record) })
    return this.#deleted.delete(after.path)
  }

  /** Another process has removed it, unless this one has changed it meanwhile. */
  forget({ path, text }: Written): void {
    if (this.#known.get(path)?.text === text) this.#known.delete(path)
  }

  /**
   * It never throws: a call that has happened must not fail for it. What other processes have removed, and made anew
   * under its name, is a later record.
   *
   * @param removed - Paths of files.
   */
  heard(removed: Iterable<string>): void {
    for (const path of removed) {
      const known = this.#known.get(path)
      if (!known) this.#deleted.add(path)
      const text = known && textAt(path)
      if (known && text !== undefined && (idOf(text) ?? idOf(known.text)) !== idOf(known.text)) this.#known.delete(path)
    }
    // A call that was under way then has come to its end long ago.
    for (const path of this.#deleted) {
      if (this.#deleted.size <= MOST) break
      this.#deleted.delete(path)
    }
  }

  /** So many milliseconds ago it was asked for the first time since this process has changed it. */
  outdatedFor(path: string): number {
    const known = this.#known.get(path)
    return known ? now() - (known.outdated ??= now()) : 0
  }

  /** Names of the records of a folder. */
  *in(folder: string): Generator<string> {
    for (const path of this.#known.keys()) if (dirname(path) === folder) yield nameOf(path)
  }

  has(path: string): boolean {
    return this.#known.has(path)
  }

  /** @param removed - Paths of files, or of their folders. */
  *sandboxes(folder: string, removed: ReadonlySet<string>): Generator<StoredRecord> {
    for (const item of this.#read(folder, SANDBOX, removed)) {
      const namespace = this.#known.get(item.path)?.namespace
      yield namespace ? { ...item, record: { ...item.record, namespace } } : item
    }
  }

  *networks(folder: string, removed: ReadonlySet<string>): Generator<StoredNetwork> {
    yield* this.#read(folder, NETWORK, removed)
  }

  *#read<T>(folder: string, kind: RecordKind<T>, removed: ReadonlySet<string>): Generator<Stored<T>> {
    for (const path of removed.has(folder) ? this.#known.keys() : removed) {
      const text = this.#known.get(path)?.text
      if (text === undefined || dirname(path) !== folder) continue
      const { record } = readRecordText(kind, nameOf(path), text)
      if (record) yield { record, path, text, marked: true }
    }
  }
}

function unsaidNamespace(record: Written['record']): BootedNamespace | undefined {
  if (!('endpoints' in record) || record.endpoints.length > 0 || record.namespace || record.stack !== 'own') return
  const found = namespaceAt(record.path)
  return found && inThisBoot(found)
}

/** `undefined` where there is none, or it cannot be read: the look that follows finds what it is. */
function textAt(path: string): string | undefined {
  try {
    return readRegular(path)?.text
  } catch {
    return undefined
  }
}

/** Of a record, if it is one. */
function idOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { id?: unknown } | null)?.id
  } catch {
    return undefined
  }
}

const nameOf = (path: string): string => basename(path, '.json')
