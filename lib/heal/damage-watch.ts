import { channel } from 'node:diagnostics_channel'
import { SlipwayError } from '../base/errors.js'
import { now } from '../base/timers.js'
import type { LinkInfo, NativeNews } from '../kernel/native.js'
import { BRIDGE_RULE, PORT_RULE, SETTING_FILES } from '../policy/link-rules.js'
import { BRIDGE_GROUP, LEAVING_GROUP, PORT_GROUP, SEGMENT_GROUP, SEPARATED_PORT_GROUP, TABLE } from '../policy/sets.js'
import type { StoredNetwork } from '../store/network-records.js'
import { listRecords, type StoredRecord } from '../store/records.js'
import { NETNS_FOLDER } from '../store/sandbox-kind.js'
import type { HealContext } from './context.js'
import { damageOf, describeDamage } from './damage.js'
import { LinkOwners } from './link-owners.js'
import { changedLinks, macsOf } from './links-of.js'
import { Looks } from './looks.js'
import { mend, type Mended } from './mend.js'
import { News } from './news.js'
import { FileNews } from './file-news.js'
import { KnownRecords } from './known-records.js'

/**
 * So many milliseconds after a look that has found nothing comes the next, at the least: other processes take away what
 * is theirs all the time.
 */
const REST_MS = 100
/** Or as long as that look has taken; twice as long after the next in a row, and so on, up to so many times as long. */
const RESTS = 8
/** After so many looks in a row that have found damage, a program goes on taking it away: other work has its turn. */
const IN_A_ROW = 3
/** What is heard so many milliseconds after a look, or later, begins a new row. */
const ROW_MS = 500
/** And after one that has left something to a process that is at work. */
const LEFT_MS = 250
/** How often what is left is looked at again. */
const TRIES = 12

const OWN_LINKS = {
  about: 'own links',
  bridges: BRIDGE_GROUP,
  segments: SEGMENT_GROUP,
  ports: [PORT_GROUP, SEPARATED_PORT_GROUP],
  leaving: LEAVING_GROUP,
  rules: { bridge: BRIDGE_RULE, port: PORT_RULE },
} as const
const SETTINGS = { about: 'settings', names: SETTING_FILES } as const
const UNBOUND_NAMES = { about: 'unbound names' } as const
/** What is told of a bridge that has come or gone begins so; no link's name has a space. */
const BRIDGE = 'bridge '
const isBridge = (one: string): boolean => one.startsWith(BRIDGE)
const hearOfFile = (news: News, one: string): void => news.hearOfFile(one)
const hearOfLink = (news: News, one: string): void => news.hearOfLink(one)
/** In this chain, an administrator may do what he likes. */
const RULESET = { about: 'ruleset', table: TABLE, kept: 'user' } as const

/** What the diagnostics channel `slipway:damage` says when something of Slipway's was changed or deleted by others. */
export interface DamageMessage extends Omit<Mended, 'left'> {
  /** A sentence: what, and by whom, as far as the kernel tells. */
  message: string
}

const messages = channel('slipway:damage')

type Part = Pick<HealContext, 'host' | 'settings' | 'networks' | 'records' | 'routes' | 'events'>

/**
 * Listens to what others do to what is Slipway's, and gives it back at once. The kernel wakes it: while nothing is
 * changed, it does nothing, and what this process does itself does not wake it. Every process that has the host open
 * and stays does so; what one has given back, the others find done.
 */
export class DamageWatch {
  readonly #context: Part
  readonly #owners: LinkOwners
  readonly #known = new KnownRecords()
  readonly #files: FileNews
  readonly #listeners: NativeNews[] = []
  #settings: NativeNews | undefined
  #news: News | undefined
  #tries = 0
  /** When the last look that has found damage came to its end, and how many of them came in a row. */
  #ended = -Infinity
  #row = 0
  /** When the last look that has found nothing has ended, and how many times as long as it the rest was. */
  #vain = { ended: -Infinity, rests: 1 }
  /** How long the last look has taken, where it has left something: what is heard then need not wait for longer. */
  #pause: number | undefined
  /** What has been told since something was heard last. */
  readonly #told = new Set<string>()
  #isOpen = false
  readonly #looks = new Looks(
    () => this.#look(),
    () => this.#isOpen && this.#news !== undefined,
  )

  constructor(context: Part) {
    this.#context = context
    this.#owners = new LinkOwners(context.records)
    this.#files = new FileNews(context.host, this.#hearer(hearOfFile))
  }

  /** From now on, it hears: what comes while open() goes on is looked at after that. */
  listen(): void {
    const { host } = this.#context
    for (const listener of [
      host.hear(
        RULESET,
        this.#hearer((news, one) => news.hearOfRuleset(one)),
      ),
      host.hear(OWN_LINKS, this.#hearerOfLinks()),
      (this.#settings = host.hear(SETTINGS, this.#hearer(hearOfLink))),
      host.hear(UNBOUND_NAMES, this.#hearer(hearOfFile)),
    ])
      if (listener) this.#listeners.push(listener)
    this.#files.join(this.#folders)
  }

  /**
   * What open() has found, and given back.
   *
   * @param links - As it has found them.
   * @param now - As they are, where it has given something back.
   */
  opened(
    links: readonly LinkInfo[],
    now: readonly LinkInfo[],
    sandboxes: readonly StoredRecord[],
    networks: readonly StoredNetwork[],
  ): void {
    this.#owners.know(sandboxes.map(({ record }) => record))
    for (const item of sandboxes) if (!item.record.busy) this.#known.did(undefined, item)
    for (const item of networks) this.#known.did(undefined, item)
    this.#knowLinks(links, now, sandboxes)
    this.#files.join(this.#folders)
    this.#isOpen = true
    this.#looks.wake()
  }

  /**
   * How links are to be, as far as only their change is told. What they have become while they were looked at may be
   * another's doing.
   */
  #knowLinks(before: readonly LinkInfo[], now: readonly LinkInfo[], sandboxes: readonly StoredRecord[]): void {
    const macs = macsOf(sandboxes.map(({ record }) => record))
    for (const listener of this.#listeners) listener.know(now, macs)
    this.#settings?.mean(now.flatMap(({ name, group }) => (group === BRIDGE_GROUP ? [name] : [])))
    const changed = changedLinks(before, now, [OWN_LINKS.bridges, OWN_LINKS.segments, ...OWN_LINKS.ports])
    if (changed.length > 0) this.#heard(changed, hearOfLink)
  }

  /** This process has made (without a record before), changed or removed (without one after) a sandbox. */
  did(before: StoredRecord | undefined, after: StoredRecord | undefined): void {
    if (this.#listeners.length === 0) return
    this.#owners.did(before?.record, after?.record)
    this.#knows(before, after)
    this.#files.join([this.#context.records, NETNS_FOLDER])
  }

  /** The same of a network. */
  didNetwork(before: StoredNetwork | undefined, after: StoredNetwork | undefined): void {
    if (this.#listeners.length === 0) return
    this.#knows(before, after)
    this.#files.join([this.#context.networks.records])
  }

  #knows<T extends StoredRecord | StoredNetwork>(before: T | undefined, after: T | undefined): void {
    if (this.#known.did(before, after) && after) this.#heard([after.path], hearOfFile)
  }

  /** Resolves when no look is under way. */
  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close()
    this.#files.close()
    await this.#looks.close()
  }

  get #folders(): string[] {
    return [this.#context.records, this.#context.networks.records, NETNS_FOLDER]
  }

  /** Folders that were deleted may be there again: nothing tells of that. */
  #rejoin(news: News): void {
    for (const folder of this.#folders) {
      if (!news.files.delete(folder)) continue
      // It may have been made anew before its deletion was heard of.
      this.#files.leave(folder)
      news.allFiles = true
    }
    this.#files.join(this.#folders)
  }

  /** A Slipway that is lost without being closed must not live on in what listens for it. */
  #hearer(put: (news: News, one: string) => void): (told: readonly string[]) => void {
    const self = new WeakRef(this)
    return (told) => {
      const there = self.deref()
      if (there) there.#heard(told, put)
    }
  }

  /** What is new is no damage: settings of a bridge are to be heard of from now on. */
  #hearerOfLinks(): (told: readonly string[]) => void {
    const hear = this.#hearer(hearOfLink)
    const self = new WeakRef(this)
    return (told) => {
      const [bridges, links] = [told.filter(isBridge), told.filter((one) => !isBridge(one))]
      const there = self.deref()
      if (there && bridges.length > 0) there.#settings?.mean(bridges.map((one) => one.slice(BRIDGE.length)))
      if (links.length > 0) hear(links)
    }
  }

  #heard(told: readonly string[], put: (news: News, one: string) => void): void {
    if (this.#looks.closed) return
    if (!this.#news && now() - this.#ended > ROW_MS) this.#row = 0
    this.#news ??= new News()
    for (const one of told) put(this.#news, one)
    // At once: what is there now may have gone, too, when it is looked at.
    if (put === hearOfFile) this.#known.heard(told)
    this.#tries = 0
    this.#told.clear()
    if (this.#pause !== undefined) this.#looks.shorten(this.#pause)
    this.#looks.wake()
  }

  async #look(): Promise<void> {
    const news = this.#news ?? new News()
    this.#news = undefined
    const began = now()
    const { host, records } = this.#context
    try {
      // Those that came while news were lost are not known.
      const before = news.missed ? await host.ask('links', {}) : undefined
      this.#rejoin(news)
      const judgement = await damageOf(this.#context, news, this.#owners, this.#known)
      const { damage } = judgement
      if (!damage) {
        this.#rest(judgement.left, this.#restOfVain(began), began)
        if (judgement.left && ++this.#tries < TRIES) this.#again(news)
        return
      }
      const { events, settings } = this.#context
      const what = describeDamage(damage)
      const message = settings.heal
        ? `${what}. It is given back.`
        : `${what}. This process leaves it so (heal: false): one that heals gives it back, a call that needs it, or the next open().`
      if (this.#isNew('damaged')) events?.tell('damaged', message)
      const { left: remains, ...mended } = settings.heal
        ? await mend(this.#context, damage)
        : { healed: [], lost: [], left: false }
      const left = judgement.left || remains
      if (before) this.#knowLinks(before, await host.ask('links', {}), await listRecords(records))
      this.#files.join(this.#folders)
      events?.healed(mended.healed)
      for (const sentence of mended.lost) if (this.#isNew(sentence)) events?.tell('lost', sentence)
      if (messages.hasSubscribers) messages.publish({ message, ...mended } satisfies DamageMessage)
      this.#ended = now()
      const took = this.#ended - began
      this.#rest(left, ++this.#row < IN_A_ROW ? Math.min(took, REST_MS) : took, began)
      if (left && ++this.#tries < TRIES) this.#again(news)
    } catch (error) {
      this.#rest(true, LEFT_MS, began)
      if (++this.#tries < TRIES) this.#again(news)
      // A newer version's ruleset, say; or whatever is short is so still.
      const isLasting = error instanceof SlipwayError && error.code === 'CONFLICT'
      if (!isLasting && this.#tries < TRIES) return
      const sentence = `What others have changed or deleted could not be looked at: ${(error as Error).message}`
      if (this.#isNew(sentence)) this.#context.events?.tell('lost', sentence)
    }
  }

  /** Such a look comes after healing, too, and what is damaged next is not to wait for long: but many take CPU time. */
  #restOfVain(began: number): number {
    const ended = now()
    const took = ended - began
    const isRow = began - this.#vain.ended < ROW_MS + this.#vain.rests * took
    this.#vain = { ended, rests: isRow ? Math.min(2 * this.#vain.rests, RESTS) : 1 }
    return Math.max(REST_MS, this.#vain.rests * took)
  }

  /** @param left - Whether something is to be looked at again. */
  #rest(left: boolean, otherwise: number, began: number): void {
    this.#pause = left ? now() - began : undefined
    this.#looks.rest(left ? LEFT_MS : otherwise)
  }

  /** What is looked at again is told once. */
  #isNew(what: string): boolean {
    const { size } = this.#told
    return this.#told.add(what).size > size
  }

  #again(news: News): void {
    this.#news ??= new News()
    this.#news.add(news)
  }
}
