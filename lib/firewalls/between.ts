import type { FirewallRule } from '../kernel/native.js'
import { RULESET_FAMILIES, rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'

/** A rule that another has put between ours, and that decides about every packet that comes to it. */
export interface Between {
  /** A sentence, without its end: where it stands, and what it does. */
  what: string
  /** The command that removes it. */
  advice: string
}

/** Steps of a rule that ask something of a packet. */
const ASKING = ['is ', 'not ', 'asks ']

/**
 * Rules of others in our chains stay where they are. One that accepts or drops whatever comes to it keeps packets from
 * our rules behind it, and so is told. The chain `user` is there for such rules.
 */
export function findBetween(rules: readonly FirewallRule[]): Between[] {
  const ours = new Map<string, number>()
  for (const operation of rulesetPlan())
    if (operation.op === 'rule.add') {
      const name = nameOf(operation)
      ours.set(name, (ours.get(name) ?? 0) + 1)
    }
  const chains = new Set([...ours.keys()].map((name) => name.split('\n')[0]))
  const places = new Map<string, number>()
  return rules.flatMap((rule): Between[] => {
    const { family, table, chain, steps, legacy, handle } = rule
    const isFamily = RULESET_FAMILIES.some((one) => one === family)
    if (legacy || table !== TABLE || !isFamily || chain === USERS_CHAIN || !chains.has(`${family} ${chain}`)) return []
    const place = (places.get(`${family} ${chain}`) ?? 0) + 1
    places.set(`${family} ${chain}`, place)
    if (ours.has(nameOf(rule))) return []
    const verdict = steps.find((step) => /^verdict (accept|drop|reject)$/.test(step))?.slice('verdict '.length)
    if (!verdict || steps.some((step) => ASKING.some((word) => step.startsWith(word)))) return []
    return [
      {
        what: `${family} ${TABLE}, chain ${chain}: rule ${place} is not Slipway's, and ${verdict}s whatever comes to it, so Slipway's rules behind it decide nothing (the chain ${USERS_CHAIN} is for such rules)`,
        advice: `nft delete rule ${family} ${TABLE} ${chain} handle ${handle}`,
      },
    ]
  })
}

const nameOf = ({ family, chain, comment = '' }: { family: string; chain: string; comment?: string }): string =>
  `${family} ${chain}\n${comment}`
