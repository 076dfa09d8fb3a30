import { lstatSync, promises, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { holdPorts, isPort, mapOf, placeOf, publishedKey, publishedName, releasePorts } from '../../policy/elements.js'
import type { Host } from '../../kernel/host.js'
import { folderStamp } from '../../kernel/native.js'
import { randomId } from '../../base/random-id.js'
import { isAlive, thisProcess, type Maker } from '../../store/maker.js'
import { listFolder } from '../../store/list-folder.js'
import { makeFolder } from '../../store/make-folder.js'
import { readRegular } from '../../store/read-file.js'
import { watchFolder } from '../../base/watch-folder.js'
import { publishedNames } from './learn-ports.js'
import type { HostPort } from '../../base/port-mapping.js'
import { sleep } from '../../base/timers.js'

/** How long, in milliseconds, who takes a port back waits for a living holder to let go of it. */
const PATIENCE_MS = 200
/** And how long who was refused one: a process may be about to take over the ports of thousands of sandboxes. */
const REFUSED_PATIENCE_MS = 2000
const STEP_MS = 2

/** How many ports one plan takes over. */
const CHUNK = 256

/** So many ports are asked for one by one; of more, all that are published are read. */
const FEW = 64

/**
 * Links of a folder without folders in it; each of these is one more. Where a file system does not count them (btrfs),
 * it is 1.
 */
const ALONE = 2

/**
 * Who holds host ports of this host, and how they hear that they need not any more: sockets are held by the process
 * that publishes, and any process may unpublish. Each that holds some has a folder `STATE/HOST/holders/PID-STARTED-…`,
 * and watches it. Who takes a mapping back that it does not hold itself drops a file there that names the port, and the
 * holder releases it and removes the file.
 */
export class Holders {
  readonly #host: Host
  readonly #folder: string
  #own: string | undefined
  /** The other holders' folders and processes, and what the folder of all was like then. */
  #known: ReadonlyMap<string, number> = new Map()
  #stamp: number | undefined
  #inheriting: Promise<void> | undefined
  #watcher: { close(): void } | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** @param folder - Of all holders. It is made when the first port is held. */
  constructor(host: Host, folder: string) {
    this.#host = host
    this.#folder = folder
  }

  /**
   * Has another holder's ports taken over, where one has ended since this was asked for the last time.
   *
   * @param takeOver - Does it.
   * @returns Until that is done, for everybody who asks meanwhile; `undefined` where there is nothing to be done.
   */
  inherited(takeOver: () => Promise<void>): Promise<void> | undefined {
    if (this.#haveLeft()) {
      this.#inheriting = takeOver().finally(() => {
        this.#inheriting = undefined
        this.look()
      })
    }
    return this.#inheriting
  }

  /** Notes who holds ports now. */
  look(): void {
    this.#known = new Map(this.#others().map((folder) => [folder, Number(readHolder(folder)?.pid)]))
    this.#stamp = folderStamp(this.#folder)
  }

  /**
   * Asked for each port: as long as the folder of the holders is as it was and their processes are there, no file is
   * read.
   */
  #haveLeft(): boolean {
    if (this.#stamp === undefined) return false
    const before = this.#known
    const hasChanged = this.#stamp !== folderStamp(this.#folder)
    if (!hasChanged && (before.size === 0 || [...before.values()].every(isThere))) return false
    this.look()
    const hasGone = [...before.keys()].some((folder) => !this.#known.has(folder))
    // One may have come and gone.
    return hasGone || (hasChanged && this.#known.size === before.size)
  }

  /** Says that ports will be held here. Comes before the plan that holds the first. */
  join(): void {
    if (this.#own) return
    const { pid, started } = thisProcess()
    // One process may have several Slipways open, in several threads.
    const own = join(this.#folder, `${pid}-${started}-${randomId().slice(0, 8)}`)
    try {
      makeFolder(own)
      this.#watcher = watchFolder(own, this, (holders) => holders.#look())
      this.#own = own
      if (this.#stamp !== undefined) this.#stamp = folderStamp(this.#folder)
    } catch {
      // A state directory that cannot be written is the plan's to tell of. Where inotify's limits are reached nobody
      // can tell us anything, and a port that is published no more is let go of when it is wanted here again.
      rmSync(own, { recursive: true, force: true })
    }
  }

  /** Those of some ports that are not held here: when they are unpublished, others must be told. */
  foreign(ports: readonly HostPort[]): HostPort[] {
    return ports.filter((port) => isPort(port) && !this.#holds(port))
  }

  /** Tells every other holder that ports are published no more, and waits a moment for them to let go. */
  async tell(ports: readonly HostPort[], patience = PATIENCE_MS): Promise<void> {
    if (ports.length === 0) return
    const text = ports.map((port) => `${noteOf(port)}\n`).join('')
    await Promise.all(this.#others().map((folder) => drop(folder, text, patience)))
  }

  /**
   * Holds ports that may be without a holder: the process that held them has gone, or could keep no more of them. Those
   * that somebody has are passed over, and so are those that lead nowhere: a record may be of a sandbox that is being
   * made, refused or removed at this moment.
   *
   * One may be unpublished after it was looked up, and is held here for a moment then. Who publishes it anew in that
   * moment finds the folder, which is there before anything is looked up, and its note is read once that is over:
   * {@link reclaim}.
   */
  async takeOver(ports: readonly HostPort[]): Promise<void> {
    this.#others()
    if (ports.length === 0) return
    this.join()
    await this.#inTurn(async () => {
      const published = await publishedAmong(this.#host, ports)
      const leading = ports.filter((port) => published.has(nameOf(port)))
      for (let from = 0; from < leading.length; from += CHUNK) {
        await this.#host.run(holdPorts(leading.slice(from, from + CHUNK)).map((hold) => ({ ...hold, optional: true })))
      }
      // Who unpublished one and let go of it before we held it has not told us.
      await this.#letGo(leading)
    })
  }

  /**
   * Sees to it that none of us holds a port that is published no more: what unpublished it has died, or has yet to
   * tell; or it was being taken over when it was unpublished.
   *
   * @returns Whether it may be had. If it is refused again, somebody else has it, or had it published meanwhile.
   */
  async reclaim(port: HostPort): Promise<boolean> {
    if ((await publishedAmong(this.#host, [port])).size > 0) return false
    await this.#inTurn(() => this.#letGo([port]))
    await this.tell([port], REFUSED_PATIENCE_MS)
    return true
  }

  /** Whether others hold ports on this host. */
  hasOthers(): boolean {
    return this.#others().length > 0
  }

  /** Comes after the sockets are closed: who waits for the folder's files waits for them. */
  close(): void {
    this.#watcher?.close()
    // Another process may drop a note in it at this moment. The next to look at the folders removes what is left.
    if (this.#own) removeFolder(this.#own)
  }

  /**
   * Folders of the others that live. Those of the dead are removed. They are few, and read at once: with more ports
   * than descriptors for them, every unpublish asks, and asking a thread would take longer than all else that it does.
   */
  #others(): string[] {
    const links = statSync(this.#folder, { throwIfNoEntry: false })?.nlink
    if (links === undefined) {
      // An administrator has removed all of it, with our folder.
      this.#watcher?.close()
      this.#own = undefined
      return []
    }
    if (links === ALONE + (this.#own === undefined ? 0 : 1)) return []
    const folders: string[] = []
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name)
      const holder = readHolder(path)
      // What else lies there is nothing of ours.
      if (path === this.#own || !holder || !lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) continue
      if (isAlive(holder)) folders.push(path)
      else removeFolder(path)
    }
    return folders
  }

  /** Reads what was dropped. */
  #look(): void {
    const own = this.#own
    if (own === undefined) return
    const read = this.#inTurn(async () => {
      for (const file of (await listFolder(own)).filter(isDropped)) {
        const path = join(own, file)
        const { text } = readRegular(path) ?? {}
        // What is no file, no process has left for us to read.
        if (text === undefined) continue
        await this.#letGo(text.split('\n').flatMap(readNote))
        await promises.rm(path, { force: true })
      }
    })
    // Closed meanwhile: then the sockets are closed, too.
    read.catch(() => undefined)
  }

  /**
   * One after the other: what one has seen to lead nowhere, another may have let go of, and a plan of ours hold again.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /**
   * Releases those of some ports that are held here and lead nowhere. The order makes it exact: what is asked and run
   * here meets plans of ours before or after, never half done.
   */
  async #letGo(ports: readonly HostPort[]): Promise<void> {
    const held = ports.filter((port) => this.#holds(port))
    if (held.length === 0) return
    const published = await publishedAmong(this.#host, held)
    const free = held.filter((port) => !published.has(nameOf(port)))
    if (free.length > 0) await this.#host.run(releasePorts(free))
  }

  #holds(port: HostPort): boolean {
    return isPort(port) && this.#host.holds(placeOf(port))
  }
}

/** Whose folder it is, by its name. */
function readHolder(path: string): Maker | undefined {
  const [, pid, started = ''] = /^(\d{1,7})-(\d{0,20})-[0-9a-f]+$/.exec(basename(path)) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), started }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The element that a port stands in, when it is published. */
const elementOf = (port: HostPort) => {
  const mapping = { ...port, containerPort: 0 }
  return { ...mapOf(mapping), key: publishedKey(mapping) }
}

const nameOf = (port: HostPort): string => publishedName({ ...port, containerPort: 0 })

/** Names of those among some ports that lead somewhere. Beside them there may be others. */
async function publishedAmong(host: Host, ports: readonly HostPort[]): Promise<Set<string>> {
  if (ports.length > FEW) return publishedNames(host)
  const found = await Promise.all(ports.map((port) => host.find('element', elementOf(port))))
  return new Set(ports.filter((_, index) => found[index]).map(nameOf))
}

/** `tcp 0.0.0.0 8080` */
const noteOf = ({ protocol, hostIp, hostPort }: HostPort): string => `${protocol} ${hostIp} ${hostPort}`

function readNote(line: string): HostPort[] {
  const [, protocol, hostIp = '', hostPort] = /^(tcp|udp|sctp) (\S+) (\d+)$/.exec(line) ?? []
  return protocol === undefined
    ? []
    : [{ protocol: protocol as HostPort['protocol'], hostIp, hostPort: Number(hostPort) }]
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Another process is doing it, or may and we may not.
  }
}

/** Whole, as opposed to being written. */
const isDropped = (file: string): boolean => !file.startsWith('.')

async function drop(folder: string, text: string, patience: number): Promise<void> {
  const name = randomId().slice(0, 12)
  const path = join(folder, name)
  try {
    await promises.writeFile(join(folder, `.${name}`), text, { mode: 0o644 })
    await promises.rename(join(folder, `.${name}`), path)
    for (let waited = 0; waited < patience; waited += STEP_MS) {
      await sleep(STEP_MS)
      await promises.access(path)
    }
  } catch {
    // Read and removed, or the holder has closed. One that cannot be told, for want of room as well, lets go when it
    // wants the port itself.
    await promises.rm(join(folder, `.${name}`), { force: true }).catch(() => undefined)
  }
}
