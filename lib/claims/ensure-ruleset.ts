import { SlipwayError } from '../base/errors.js'
import { elementName } from '../policy/elements.js'
import { RULESET_FAMILIES, RULESET_NUMBER, rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { kernelWords, PlanRefused } from '../kernel/refusal.js'
import type { ElementAdd, Plan } from '../plan/operation.js'
import { OlderTables } from './older-tables.js'
import { findTables, olderVersions, type FoundTables } from './ruleset-tables.js'
import { acceptTables, repairOf, type Repair } from './missing-ruleset.js'
import { RemadeSets } from './remade-sets.js'
import { LOOK_AGAIN, retrying } from './retry.js'

/** What the ruleset owes to all sandboxes and networks of a host, by their records. */
export interface ExpectedElements {
  plan: ElementAdd[]
  /** Whose it is: names of sandboxes, and of networks but for the default one. */
  owners: string[]
  /** After the plan is done: what has changed since the records were read loses what it no longer has. */
  settle(): Promise<void>
}

/** What reads the records. */
export interface Expecting {
  elements(): Promise<ExpectedElements>
  /** The owners alone. */
  owners(): Promise<string[]>
}

/**
 * Two processes may write it at once, or an administrator delete it meanwhile: this many times it is looked at again.
 */
const TRIES = 64

/** What is told of what was done. */
export interface Told {
  /** There was nothing of the ruleset before. */
  wrote?: () => void
  /** Tables of an older version were replaced. @param leftOut - What of them is not there any more, in words. */
  replaced?: (leftOut: readonly string[]) => void
  /** Something stays as it was found, though Slipway has written it otherwise. @param what - In words. */
  accepted?: (what: readonly string[]) => void
}

/**
 * Writes what is missing of the ruleset, and in the same transaction gives every sandbox and network the elements back
 * that went with a table or a set: nobody may claim anew what is a living sandbox's. Two processes may do so at once:
 * one wins, both have it. Tables of an older version are replaced, with all that they hold.
 *
 * @returns Whom it was written again for: sandboxes and networks, none where nothing was missing.
 */
export function ensureRuleset(
  host: Host,
  expecting: Expecting,
  { wrote, replaced, accepted }: Told = {},
): Promise<string[]> {
  const refused = new Set<string>()
  const inUse = new Set<string>()
  let given: string[] = []
  let rounds = 0
  let overtaken = false
  let last: Repair['unlike'] = new Map()
  let wroteOn: number | undefined
  return retrying(
    { host },
    {
      tries: TRIES,
      async attempt() {
        const isOver = ++rounds > TRIES
        if (isOver && !isOtherwise(last)) throw neverDone(overtaken)
        const generation = await host.ask('generation', {})
        const found = await findTables(host)
        if (found.older.size > 0) {
          replaced?.(await replaceOlder(host, expecting, refused))
          return LOOK_AGAIN
        }
        const { written } = found
        const { plan, unlike } = await repairOf(host, found, inUse)
        const missing = firstOf(plan)
        // One transaction has come since, and none meanwhile: this is how the kernel tells what was written by it.
        const isAsWritten = generation === wroteOn && (await host.ask('generation', {})) === generation
        if (missing.length === 0 || isOver || isAsWritten) {
          const stays = acceptTables(host, unlike)
          if (stays.length > 0) accepted?.(stays)
          host.rulesetIsWhole(generation)
          return given
        }
        last = unlike
        wroteOn = undefined
        if (!missing.some(({ op }) => op === 'table.add' || op === 'set.add')) {
          await host.run(missing)
          if (missing === plan) wroteOn = generation + 1
          given = await expecting.owners()
          return LOOK_AGAIN
        }
        const expected = await expecting.elements()
        const remade = missing.filter((operation) => operation.op === 'set.delete')
        const contents = await RemadeSets.read(host, written, remade, expected.plan)
        const lacking = without(await contents.lacking(expected.plan), refused)
        await host.run([...missing, ...contents.plan(), ...lacking])
        if (missing === plan) wroteOn = generation + 1
        if (written.size === 0) wrote?.()
        await expected.settle()
        given = expected.owners
        return LOOK_AGAIN
      },
      remedy({ operation, element, errnoName }) {
        overtaken = operation.op === 'generation.check'
        if (errnoName === 'EBUSY' && operation.op === 'set.delete') inUse.add(`set ${operation.set}`)
        if (errnoName === 'EBUSY' && operation.op === 'chain.delete') inUse.add(`chain ${operation.chain}`)
        if (operation.op !== 'element.add') return overtaken || RACES.includes(errnoName) ? 'again' : undefined
        // Another sandbox has it since it was lost.
        refused.add(elementName(operation, operation.elements[element]?.key ?? ''))
        return 'again'
      },
    },
  )
}

/**
 * Replaces tables that an older version has written. What they hold is read at one generation of nf_tables, and the
 * transaction is refused where another process has claimed something since.
 */
async function replaceOlder(host: Host, expecting: Expecting, refused: ReadonlySet<string>): Promise<string[]> {
  const expected = await expecting.elements()
  const generation = await host.ask('generation', {})
  const found = await findTables(host)
  if (found.older.size === 0) return []
  const tables = await OlderTables.read(host, found.written, found.older.keys())
  const lacking = without(await tables.lacking(expected.plan), refused)
  const kept = new Set(tables.plan())
  try {
    await host.run([
      { op: 'generation.check', generation },
      ...kept,
      ...rulesetPlan(RULESET_FAMILIES.filter((family) => !found.written.has(family))),
      ...lacking,
    ])
  } catch (error) {
    if (!(error instanceof PlanRefused) || (!kept.has(error.operation) && isRace(error))) throw error
    throw notReplaced(found, error)
  }
  await expected.settle()
  return tables.leftOut()
}

/**
 * Tables that are dormant see packets again when all is in them: in a transaction of its own, as the kernel makes no
 * chain at a hook in one with that.
 */
function firstOf(missing: Plan): Plan {
  const filling = missing.filter(({ op }) => op !== 'table.enable')
  return filling.length > 0 && filling.length < missing.length ? filling : missing
}

/**
 * Whether all is there by its name, and is other than it was written. A kernel may tell it otherwise than those that
 * are known, and nobody is to be refused for that.
 */
const isOtherwise = (unlike: Repair['unlike']): boolean =>
  unlike.size > 0 && [...unlike.values()].every(({ isThere }) => isThere)

/** Whether another process may be behind it. */
const isRace = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op === 'generation.check' ? errnoName === 'ERESTART' : errnoName === 'EEXIST'

function notReplaced(found: FoundTables, refused: PlanRefused): SlipwayError {
  const { operation, errnoName } = refused.refusal
  const why =
    errnoName === 'EMSGSIZE'
      ? 'they hold more than the kernel takes in one transaction'
      : `the kernel refused "${operation}" (${errnoName}${kernelWords(refused.refusal)})`
  return new SlipwayError(
    'KERNEL',
    `The nf_tables tables "${TABLE}" are of ${olderVersions(found)}, and could not be replaced by ruleset ${RULESET_NUMBER}: ${why}. Nothing was changed, and what is there works on. Remove sandboxes with the version that has made them, or what was added to the chain "${USERS_CHAIN}", and open the host again.`,
    refused.refusal,
    { cause: refused },
  )
}

const neverDone = (overtaken: boolean): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    overtaken
      ? `Other processes change nf_tables all the time: ${TRIES} times the tables "${TABLE}" of an older version were read, and had changed before they were replaced. Nothing was changed. Open the host again when less is made and removed (nft monitor shows what changes).`
      : `Another process goes on deleting the nf_tables table "${TABLE}", or rules in it: it was written ${TRIES} times and is missing again. Stop that process (nft monitor shows what changes), and try again.`,
  )

/** What another process has written meanwhile, or an administrator deleted. */
const RACES = ['EEXIST', 'ENOENT', 'EBUSY']

const without = (plan: Plan, refused: ReadonlySet<string>): Plan =>
  refused.size === 0
    ? plan
    : plan.map((operation) =>
        operation.op === 'element.add'
          ? {
              ...operation,
              elements: operation.elements.filter(({ key }) => !refused.has(elementName(operation, key))),
            }
          : operation,
      )
