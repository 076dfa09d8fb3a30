import { rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { RuleInfo } from '../kernel/native.js'
import type { Family, Operation } from '../plan/operation.js'

/**
 * What a table lacks of its chains and rules, which an administrator has flushed or deleted while its sets stand:
 * nothing, or all of its chains written anew, with the sets that have gone with their rules. A chain that is jumped to
 * stays and is filled anew: an administrator's rules may jump to it, and while they do the kernel does not delete it.
 */
export async function missingRules(host: Host, family: Family): Promise<Operation[]> {
  const plan = rulesetPlan([family])
  if (!lacksRules(plan, await host.ask('rules', { family, name: TABLE }))) return []
  const there = new Set((await host.ask('chains', { family, name: TABLE })).map(({ name }) => name))
  const hooked = new Set(
    plan.flatMap((operation) =>
      operation.op === 'chain.add' && operation.hook !== undefined ? [operation.chain] : [],
    ),
  )
  const stays = (chain: string) => there.has(chain) && !hooked.has(chain)
  const isKept = (chain: string) => chain === USERS_CHAIN && there.has(USERS_CHAIN)
  const written: Operation[] = []
  const chains: string[] = []
  for (const operation of plan) {
    if (operation.op === 'set.add' && (await host.find('elements', operation)) === undefined) written.push(operation)
    if (operation.op === 'rule.add' && !isKept(operation.chain)) written.push(operation)
    if (operation.op !== 'chain.add') continue
    chains.push(operation.chain)
    if (!stays(operation.chain) && !isKept(operation.chain)) written.push(operation)
  }
  // Those that jump before those that are jumped to.
  const gone = chains
    .reverse()
    .flatMap((chain): Operation[] =>
      there.has(chain) && !isKept(chain)
        ? [{ op: stays(chain) ? 'chain.flush' : 'chain.delete', family, table: TABLE, chain }]
        : [],
    )
  return [...gone, ...written]
}

/**
 * Whether one of our rules is not there, or stands before one that it is to follow. Rules of an administrator may stand
 * between ours. Chains without rules are none: no rule of ours goes without the chains that it is in and jumps to.
 */
function lacksRules(plan: readonly Operation[], there: readonly RuleInfo[]): boolean {
  const comments = new Map<string, string[]>()
  for (const { chain, comment } of there) {
    const found = comments.get(chain)
    if (found) found.push(comment)
    else comments.set(chain, [comment])
  }
  const passed = new Map<string, number>()
  for (const operation of plan) {
    if (operation.op !== 'rule.add' || operation.chain === USERS_CHAIN) continue
    const at = comments.get(operation.chain)?.indexOf(operation.comment ?? '', passed.get(operation.chain)) ?? -1
    if (at < 0) return true
    passed.set(operation.chain, at + 1)
  }
  return false
}
