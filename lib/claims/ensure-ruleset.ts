import { SlipwayError } from '../base/errors.js'
import { elementName } from '../policy/elements.js'
import { RULESET_FAMILIES, RULESET_NUMBER, rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { kernelWords, PlanRefused } from '../kernel/refusal.js'
import type { ElementAdd, Operation, Plan } from '../plan/operation.js'
import { OlderTables } from './older-tables.js'
import { findTables, olderVersions, type FoundTables } from './ruleset-tables.js'
import { SetContents } from './set-contents.js'
import { missingRules } from './missing-rules.js'
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

/**
 * What of the ruleset has yet to be written: all of it before first use, or the table or the rules that an
 * administrator has deleted. A table of an older version lacks nothing: it is replaced as a whole.
 *
 * @param known - What {@link findTables} has just said.
 * @throws {SlipwayError} As {@link findTables}.
 */
export async function missingRuleset(host: Host, known?: FoundTables): Promise<Plan> {
  const { written, older } = known ?? (await findTables(host))
  const plan: Operation[] = [...rulesetPlan(RULESET_FAMILIES.filter((family) => !written.has(family)))]
  for (const family of written) if (!older.has(family)) plan.push(...(await missingRules(host, family)))
  return plan
}

/** What is told of what was done. */
export interface Told {
  /** There was nothing of the ruleset before. */
  wrote?: () => void
  /** Tables of an older version were replaced. @param leftOut - What of them is not there any more, in words. */
  replaced?: (leftOut: readonly string[]) => void
}

/**
 * Writes what is missing of the ruleset, and in the same transaction gives every sandbox and network the elements back
 * that went with a table or a set: nobody may claim anew what is a living sandbox's. Two processes may do so at once:
 * one wins, both have it. Tables of an older version are replaced, with all that they hold.
 *
 * @returns Whom it was written again for: sandboxes and networks, none where nothing was missing.
 */
export function ensureRuleset(host: Host, expecting: Expecting, { wrote, replaced }: Told = {}): Promise<string[]> {
  const refused = new Set<string>()
  let given: string[] = []
  let rounds = 0
  let overtaken = false
  return retrying(
    { host },
    {
      tries: TRIES,
      async attempt() {
        if (++rounds > TRIES) throw neverDone(overtaken)
        const generation = await host.ask('generation', {})
        const found = await findTables(host)
        if (found.older.size > 0) {
          replaced?.(await replaceOlder(host, expecting, refused))
          return LOOK_AGAIN
        }
        const { written } = found
        const missing = await missingRuleset(host, found)
        if (missing.length === 0) {
          host.rulesetIsWhole(generation)
          return given
        }
        if (!missing.some(({ op }) => op === 'table.add' || op === 'set.add')) {
          await host.run(missing)
          given = await expecting.owners()
          return LOOK_AGAIN
        }
        const expected = await expecting.elements()
        const lacking = without(await new SetContents(host, written).lacking(expected.plan), refused)
        await host.run([...missing, ...lacking])
        if (written.size === 0) wrote?.()
        await expected.settle()
        given = expected.owners
        return LOOK_AGAIN
      },
      remedy({ operation, element, errnoName }) {
        overtaken = operation.op === 'generation.check'
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
