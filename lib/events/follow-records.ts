import { clearTimeout, clock, setTimeout } from '../base/timers.js'
import { watchFolder } from '../base/watch-folder.js'
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
    watchFolder(networks, this, (follower, file) => follower.#changed(follower.#networks, file))
    watchFolder(sandboxes, this, (follower, file) => follower.#changed(follower.#sandboxes, file))
  }

  /** Says what is there. */
  async begin(): Promise<void> {
    await this.#networks.refresh()
    await this.#sandboxes.refresh()
    this.#isFirst = false
    this.#flush()
    this.#say('ready')
  }

  #changed(folder: FollowedFolder<unknown>, file: string | null): void {
    if (file !== null) folder.look(file)
    this.#flush()
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => void this.#lookThrough(), QUIET_MS)
  }

  async #lookThrough(): Promise<void> {
    const settled = clock.time()
    await Promise.all([this.#networks.refresh(), this.#sandboxes.refresh()])
    this.#flush()
    this.#say({ settled })
  }

  #putSandbox(name: string, record: SandboxRecord, marked: boolean): void {
    const known = this.#sandboxIds.get(name)
    // Another has its name.
    if (known !== undefined && known !== record.id) this.#gone(this.#sandboxIds, name)
    if (record.removing) return this.#gone(this.#sandboxIds, name)
    // It is not made yet, or being changed.
    if (record.busy || (record.stack === 'own' && !marked)) return
    for (const { network } of record.endpoints) this.#isMade(network)
    this.#sandboxIds.set(name, record.id)
    this.#put(record.id, factsOfSandbox(idle(record)), record.created)
  }

  #putNetwork(name: string, record: NetworkRecord): void {
    const known = this.#networkIds.get(name)
    if (record.removing || (known !== undefined && known !== record.id)) this.#networkGone(name)
    if (record.removing) return
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
    this.#put(record.id, factsOfNetwork(record), record.created)
  }

  #put(id: string, facts: Facts, created: string): void {
    this.#said.push({ id, facts: [...facts], created })
  }

  #gone(ids: Map<string, string>, name: string): void {
    const id = ids.get(name)
    if (id === undefined) return
    ids.delete(name)
    this.#said.push({ id, facts: [] })
  }

  #flush(): void {
    if (this.#said.length > 0) this.#say(this.#said)
    this.#said = []
  }
}
