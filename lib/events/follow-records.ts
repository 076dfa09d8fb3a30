import { constants, fstatSync, openSync, statSync, watch } from 'node:fs'
import { clearTimeout, now, setTimeout } from '../base/timers.js'
import { FollowedFolder } from '../store/followed-folder.js'
import { NETWORK } from '../store/network-kind.js'
import type { NetworkRecord } from '../store/network-records.js'
import { idle, type SandboxRecord } from '../store/records.js'
import { SANDBOX } from '../store/sandbox-kind.js'
import { factsOfNetwork, factsOfSandbox, type Facts } from './facts.js'
import type { FollowedFolders, FromRecords, FromThread } from './thread-messages.js'

/** A network whose making is refused has had its record for less, in milliseconds. A sandbox on it shows it, too. */
const MAKING_MS = 100
/** So long after the last change, all is looked through once: where changes are many, the kernel drops some. */
const QUIET_MS = 50

/** Says what records say, whoever writes them: what is there, and each change that has come to its end. */
export class RecordsFollower {
  readonly #say: (message: FromThread) => void
  readonly #sandboxes: FollowedFolder<SandboxRecord>
  readonly #networks: FollowedFolder<NetworkRecord>
  /** By name. */
  readonly #sandboxIds = new Map<string, string>()
  readonly #networkIds = new Map<string, string>()
  /** Of each id, the name of the record that has it: any other with it is damaged. */
  readonly #names = new Map<string, string>()
  readonly #watched: { path: string; descriptor: number }[] = []
  /** Networks that may yet be taken back, by name. */
  readonly #making = new Map<string, { record: NetworkRecord; timer: NodeJS.Timeout }>()
  #said: FromRecords[] = []
  #isFirst = true
  #quiet: NodeJS.Timeout | undefined

  constructor({ sandboxes, networks }: FollowedFolders, say: (message: FromThread) => void) {
    this.#say = say
    this.#sandboxes = new FollowedFolder(sandboxes, SANDBOX, {
      put: (name, record, marked) => this.#putSandbox(name, record, marked),
      gone: (name) => this.#gone(this.#sandboxIds, name),
    })
    this.#networks = new FollowedFolder(networks, NETWORK, {
      put: (name, record) => this.#putNetwork(name, record),
      gone: (name) => this.#networkGone(name),
    })
    // Before the first look: what changes meanwhile is looked at again.
    this.#watch(networks, this.#networks)
    this.#watch(sandboxes, this.#sandboxes)
  }

  /** Says what is there. */
  async begin(): Promise<void> {
    await this.#networks.refresh()
    await this.#sandboxes.refresh()
    this.#isFirst = false
    this.#flush()
    this.#say('ready')
    this.#requireFolders()
  }

  /** The kernel keeps the watcher, and it keeps this: nothing else in the thread does. */
  #watch(path: string, folder: FollowedFolder<unknown>): void {
    // Of a folder that is open, nobody else gets the number.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
    this.#watched.push({ path, descriptor })
    watch(path, { persistent: false }, (_event, file) => this.#changed(folder, file)).on('error', (error) => {
      throw error
    })
  }

  /** @throws where a folder has been taken away: nothing more is heard of it, whatever comes in its place. */
  #requireFolders(): void {
    for (const { path, descriptor } of this.#watched) {
      const [had, has] = [fstatSync(descriptor), statSync(path, { throwIfNoEntry: false })]
      if (had.ino !== has?.ino || had.dev !== has.dev) throw new Error(`the folder ${path} was taken away`)
    }
  }

  #changed(folder: FollowedFolder<unknown>, file: string | null): void {
    if (file !== null) folder.look(file)
    this.#flush()
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => void this.#lookThrough(), QUIET_MS)
  }

  async #lookThrough(): Promise<void> {
    const settled = now()
    await Promise.all([this.#networks.refresh(), this.#sandboxes.refresh()])
    this.#flush()
    this.#say({ settled })
    this.#requireFolders()
  }

  #putSandbox(name: string, record: SandboxRecord, marked: boolean): void {
    const known = this.#sandboxIds.get(name)
    // Another has its name.
    if (known !== undefined && known !== record.id) this.#gone(this.#sandboxIds, name)
    if (this.#isCopy(name, record)) return
    if (record.removing) return this.#gone(this.#sandboxIds, name)
    // It is not made yet, or being changed.
    if (record.busy || (record.stack === 'own' && !marked)) return
    for (const { network } of record.endpoints) this.#isMade(network)
    this.#sandboxIds.set(name, record.id)
    this.#names.set(record.id, name)
    this.#put(record.id, factsOfSandbox(idle(record)), record.created)
  }

  #putNetwork(name: string, record: NetworkRecord): void {
    const known = this.#networkIds.get(name)
    if (record.removing || (known !== undefined && known !== record.id)) this.#networkGone(name)
    if (record.removing || this.#isCopy(name, record)) return
    clearTimeout(this.#making.get(name)?.timer)
    this.#making.delete(name)
    if (this.#isFirst || known === record.id) return this.#tellNetwork(name, record)
    const timer = setTimeout(() => {
      this.#isMade(name)
      this.#flush()
    }, MAKING_MS)
    this.#making.set(name, { record, timer })
  }

  #networkGone(name: string): void {
    clearTimeout(this.#making.get(name)?.timer)
    this.#making.delete(name)
    this.#gone(this.#networkIds, name)
  }

  #isMade(name: string): void {
    const making = this.#making.get(name)
    if (!making) return
    clearTimeout(making.timer)
    this.#making.delete(name)
    this.#tellNetwork(name, making.record)
  }

  #tellNetwork(name: string, record: NetworkRecord): void {
    this.#networkIds.set(name, record.id)
    this.#names.set(record.id, name)
    this.#put(record.id, factsOfNetwork(record), record.created)
  }

  #isCopy(name: string, { id }: { id: string }): boolean {
    return (this.#names.get(id) ?? name) !== name
  }

  #put(id: string, facts: Facts, created: string): void {
    this.#said.push({ id, facts: [...facts], created })
  }

  #gone(ids: Map<string, string>, name: string): void {
    const id = ids.get(name)
    if (id === undefined) return
    ids.delete(name)
    this.#names.delete(id)
    this.#said.push({ id, facts: [] })
  }

  #flush(): void {
    if (this.#said.length > 0) this.#say(this.#said)
    this.#said = []
  }
}
