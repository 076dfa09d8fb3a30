import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { ip, type World } from './world.js'

/** The kernel gives a number that is free, a low one first. Those that are made stay meanwhile. */
const NAMESPACES = 40
/** A namespace that has lost its name goes a little later. */
const PAUSE_MS = 5

/**
 * Makes another namespace that has the inode number of one that has gone, and binds it to a path.
 *
 * @returns Whether the kernel has given that number again. On a machine where others make and delete namespaces
 * meanwhile, it may have given it to one of theirs.
 */
export function putSameInode(world: World, path: string, inode: number): boolean {
  const made: string[] = []
  try {
    for (let number = 0; number < NAMESPACES; number++) {
      const name = world.name(`filler${number}`)
      ip('netns', 'add', name)
      made.push(name)
      if (statSync(`/run/netns/${name}`).ino === inode) {
        writeFileSync(path, '')
        execFileSync('mount', ['--bind', `/run/netns/${name}`, path])
        return true
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
    return false
  } finally {
    for (const name of made) ip('netns', 'delete', name)
  }
}
