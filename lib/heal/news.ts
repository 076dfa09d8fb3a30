import { ALL_FILES } from './file-news.js'

/** Told of the ruleset itself. No owner is called so: theirs are two words. */
export const RULESET = 'ruleset'

/** What was heard, until it is looked at. */
export class News {
  /** Some was not heard: anything may be damaged. */
  missed = false
  /** Tables, chains, rules or sets have gone. */
  ruleset = false
  /** Comments of elements that have gone: whose they are. */
  readonly owners = new Set<string>()
  /** Paths of files and folders that were deleted. */
  readonly files = new Set<string>()
  /** Any of them may have been. */
  allFiles = false
  /** Something was unmounted: it may be a name. */
  unbound = false
  /** Links that are not as they were. */
  readonly links = new Set<string>()
  /** Who has done it, as far as the kernel tells: by {@link RULESET} or an owner, `nft (process 12)`. */
  readonly by = new Map<string, Set<string>>()

  /** @param one - As `native/nft/ruleset_news.h` says. */
  hearOfRuleset(one: string): void {
    const [what = '', name, pid] = one.split('\0')
    if (what === 'missed') {
      this.missed = true
      return
    }
    const whose = what === RULESET ? RULESET : what.slice('element '.length)
    if (whose === RULESET) this.ruleset = true
    else this.owners.add(whose)
    if (name !== undefined && pid !== undefined) this.#heardOf(whose).add(`${name} (process ${pid})`)
  }

  #heardOf(whose: string): Set<string> {
    const known = this.by.get(whose) ?? new Set()
    this.by.set(whose, known)
    return known
  }

  hearOfFile(one: string): void {
    if (one === 'missed') this.missed = true
    else if (one === 'unbound') this.unbound = true
    else if (one === ALL_FILES) this.allFiles = true
    else this.files.add(one)
  }

  hearOfLink(one: string): void {
    if (one === 'missed') this.missed = true
    else this.links.add(one)
  }

  /** What other news tell of is told of by these, too. */
  add(other: News): void {
    for (const [whose, processes] of other.by) for (const one of processes) this.#heardOf(whose).add(one)
    for (const owner of other.owners) this.owners.add(owner)
    for (const link of other.links) this.links.add(link)
    for (const file of other.files) this.files.add(file)
    this.allFiles ||= other.allFiles
    this.ruleset ||= other.ruleset
    this.unbound ||= other.unbound
    this.missed ||= other.missed
  }
}
