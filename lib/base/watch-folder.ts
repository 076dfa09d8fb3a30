import { watch, type FSWatcher } from 'node:fs'

/** An owner that is lost without being closed must not live on in its watcher. */
const lost = new FinalizationRegistry<FSWatcher>((watcher) => watcher.close())

/**
 * Calls when something in a folder comes, goes or changes, with its name if the kernel tells it. Keeps
 * neither the process nor the owner alive.
 *
 * @throws where there is no such folder, or inotify's limits are reached.
 */
export function watchFolder<Owner extends object>(
  folder: string,
  owner: Owner,
  changed: (owner: Owner, file: string | null) => void,
): { close(): void } {
  const self = new WeakRef(owner)
  const watcher = watch(folder, { persistent: false }, (_event, file) => {
    const there = self.deref()
    if (there) changed(there, file)
  })
  watcher.on('error', () => watcher.close())
  lost.register(owner, watcher, watcher)
  return {
    close() {
      watcher.close()
      lost.unregister(watcher)
    },
  }
}
