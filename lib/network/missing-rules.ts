import { rulesetPlan } from '../firewall/ruleset.js'
import { TABLE } from '../firewall/sets.js'
import type { Host } from '../host.js'
import type { ChainInfo } from '../native.js'
import type { Family, Operation } from '../plan/operation.js'

/** The chain that is an administrator's: what is in it is neither counted nor touched. */
const USERS_CHAIN = 'user'

/**
 * What a table lacks of its chains and rules, which an administrator has flushed or deleted while its sets stand: nothing, or all of its
 * chains written anew, with the sets that have gone with their rules. A chain that is jumped to stays and is filled anew: an administrator's
 * rules may jump to it, and while they do the kernel does not delete it.
 */
export async function missingRules(host: Host, family: Family): Promise<Operation[]> {
  const plan = rulesetPlan([family])
  const there = new Map((await host.ask('chains', { family, name: TABLE })).map(({ name, uses }): [string, number] => [name, uses]))
  if (chainsOf(plan).every(({ name, uses }) => (there.get(name) ?? -1) >= uses)) return []
  const hooked = new Set(plan.flatMap((operation) => (operation.op === 'chain.add' && operation.hook !== undefined ? [operation.chain] : [])))
  const stays = (chain: string) => there.has(chain) && !hooked.has(chain)
  const isKept = (chain: string) => chain === USERS_CHAIN && there.has(USERS_CHAIN)
  const written: Operation[] = []
  for (const operation of plan) {
    if (operation.op === 'set.add' && (await host.find('elements', operation)) === undefined) written.push(operation)
    if (operation.op === 'chain.add' && !stays(operation.chain) && !isKept(operation.chain)) written.push(operation)
    if (operation.op === 'rule.add' && !isKept(operation.chain)) written.push(operation)
  }
  // Those that jump before those that are jumped to.
  const gone = chainsOf(plan)
    .reverse()
    .flatMap(({ name }): Operation[] => (there.has(name) && !isKept(name) ? [{ op: stays(name) ? 'chain.flush' : 'chain.delete', family, table: TABLE, chain: name }] : []))
  return [...gone, ...written]
}

/** The chains of a plan, with as many uses as they have at least. */
function chainsOf(plan: readonly Operation[]): ChainInfo[] {
  const uses = new Map<string, number>()
  const use = (chain: string) => uses.set(chain, (uses.get(chain) ?? 0) + 1)
  for (const operation of plan) {
    if (operation.op === 'chain.add') uses.set(operation.chain, uses.get(operation.chain) ?? 0)
    if (operation.op !== 'rule.add') continue
    if (operation.chain !== USERS_CHAIN) use(operation.chain)
    for (const statement of operation.statements) {
      const [, target] = 'verdict' in statement ? (/^(?:jump|goto) (.+)$/.exec(statement.verdict) ?? []) : []
      if (target !== undefined) use(target)
    }
  }
  return [...uses].map(([name, count]) => ({ name, uses: count }))
}
