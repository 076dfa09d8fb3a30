import { existsSync } from 'node:fs'
import type { Host } from '../kernel/host.js'
import type { NativeNews } from '../kernel/native.js'

/** Told in place of paths: any file may have been deleted. */
export const ALL_FILES = 'all files'

/**
 * Hears what is deleted in folders. They are made on first use: those that are not there yet are joined once they are.
 */
export class FileNews {
  readonly #host: Host
  readonly #heard: (told: readonly string[]) => void
  #joined: ReadonlySet<string> = new Set()
  #listener: NativeNews | undefined
  #isOpen = true

  /** @param heard - Is told paths of what is not there any more, `missed`, and {@link ALL_FILES}. */
  constructor(host: Host, heard: (told: readonly string[]) => void) {
    this.#host = host
    this.#heard = heard
  }

  /** Listens to what is deleted in these, too. */
  join(folders: readonly string[]): void {
    if (!this.#isOpen || folders.every((folder) => this.#joined.has(folder) || !existsSync(folder))) return
    const all = new Set([...this.#joined, ...folders.filter((folder) => existsSync(folder))])
    const before = this.#listener
    this.#listener = this.#host.hear({ about: 'removed files', folders: [...all] }, this.#heard)
    before?.close()
    // Where the kernel gives no more of these, it is not asked with each call. One that goes meanwhile is not heard of.
    this.#joined = new Set([...all].filter((folder) => existsSync(folder)))
    // What was deleted before, and not heard yet.
    if (before) this.#heard([ALL_FILES])
  }

  /** A folder has gone itself: one that has its name is another. */
  leave(folder: string): void {
    this.#joined = new Set([...this.#joined].filter((one) => one !== folder))
  }

  close(): void {
    this.#isOpen = false
    this.#listener?.close()
  }
}
