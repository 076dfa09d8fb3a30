/** What was heard, until it is looked at. */
export class News {
  /** Some was not heard: anything may be damaged. */
  missed = false
  /** Tables, chains, rules or sets have gone. */
  ruleset = false
  /** Comments of elements that have gone: whose they are. */
  readonly owners = new Set<string>()
  /** Links that are not as they were. */
  readonly links = new Set<string>()
  /** Who has done it, as far as the kernel tells: `nft (process 12)`. */
  readonly by = new Set<string>()

  /** @param one - As `native/js/news_wrap.h` says. */
  hearOfRuleset(one: string): void {
    if (one === 'missed') this.missed = true
    else if (one === 'ruleset') this.ruleset = true
    else if (one.startsWith('element ')) this.owners.add(one.slice('element '.length))
    else {
      const [, name, pid] = /^by (.*) (\d+)$/.exec(one) ?? []
      if (name !== undefined && pid !== undefined) this.by.add(`${name} (process ${pid})`)
    }
  }

  hearOfLink(one: string): void {
    if (one === 'missed') this.missed = true
    else this.links.add(one)
  }
}
