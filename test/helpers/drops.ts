import { execIn, type Place } from './world.js'

/** Packets that the rules with a counter have dropped, by the rules' comment. */
export type Drops = Record<string, number>

interface Rule {
  comment?: string
  expr: { counter?: { packets: number } }[]
}

/** @param what - Of which they are. Default: all rules of the place. */
export function watchDrops(place: Place, ...what: readonly string[]): Drops {
  const { nftables } = JSON.parse(execIn(place, 'nft', '-j', 'list', ...(what.length > 0 ? what : ['ruleset']))) as {
    nftables: { rule?: Rule }[]
  }
  const drops: Drops = {}
  for (const { rule } of nftables) {
    const counter = rule?.expr.find((statement) => statement.counter)?.counter
    if (rule?.comment && counter) drops[rule.comment] = (drops[rule.comment] ?? 0) + counter.packets
  }
  return drops
}

/** How many a rule has dropped since. */
export function dropped(place: Place, before: Drops, comment: string): number {
  const now = watchDrops(place)[comment]
  if (now === undefined) throw new Error(`no rule counts "${comment}"`)
  return now - (before[comment] ?? 0)
}
