import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, renameSync, unlinkSync } from 'node:fs'
import { createConnection, type Server } from 'node:net'
import { dirname } from 'node:path'
import { invalid, SlipwayError } from '../../base/errors.js'

/** Its owner and its group may connect. */
const MODE = 0o660
/** So many may wait to be let in; the kernel refuses others (EAGAIN). As many as net.core.somaxconn lets wait. */
const BACKLOG = 4096

/**
 * Lets a server listen at a path. The socket is made beside it, with its owner and mode, and then given the name: so
 * nobody can connect before, and of two servers that start at once, one is refused. A socket that nobody listens on any
 * more, left by a server that was killed, is replaced.
 *
 * @param gid - The group that may connect.
 * @returns What takes the name away again, where it still leads to this socket.
 * @throws {SlipwayError} `CONFLICT` when a server listens there; `INVALID_ARGUMENT` when there is something else.
 */
export async function listenAt(server: Server, path: string, gid: number): Promise<() => void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const made = `${path}.new-${process.pid}`
  remove(made)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: made, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  try {
    chownSync(made, -1, gid)
    chmodSync(made, MODE)
    const own = lstatSync(made).ino
    await give(made, path)
    return () => {
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === own) remove(path)
    }
  } catch (error) {
    server.close()
    throw error
  } finally {
    remove(made)
  }
}

async function give(made: string, path: string): Promise<void> {
  for (;;) {
    try {
      linkSync(made, path)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat) continue
    if (!stat.isSocket())
      throw invalid(`${path} is no socket: it is not replaced. Remove it, or give another path: -H unix:///…`)
    if (await isAnswered(path))
      throw new SlipwayError(
        'CONFLICT',
        `A server listens at ${path} already. End that one first, or give another path: -H unix:///…`,
      )
    takeAway(path, stat.ino)
  }
}

/** Takes away the socket that was looked at, and no other that has come in its place meanwhile. */
function takeAway(path: string, inode: number): void {
  const aside = `${path}.old-${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    // Another server that starts was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (lstatSync(aside).ino === inode) remove(aside)
  // It is given back, unless a third one has come.
  else if (lstatSync(path, { throwIfNoEntry: false })) remove(aside)
  else renameSync(aside, path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      // Its queue is full: somebody is there.
      else if (error.code === 'EAGAIN') resolve(true)
      else reject(error)
    })
  })
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
