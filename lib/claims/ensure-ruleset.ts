import { SlipwayError } from '../base/errors.js'
import { elementName } from '../policy/elements.js'
import { RULESET_FAMILIES, RULESET_VERSION, rulesetPlan } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { NO_NF_TABLES } from '../kernel/refusal.js'
import type { ElementAdd, Family, Operation, Plan } from '../plan/operation.js'
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

/**
 * Two processes may write it at once, or an administrator delete it meanwhile: this many times it is looked at again.
 */
const TRIES = 64

/**
 * What of the ruleset has yet to be written: all of it before first use, or the table or the rules that an
 * administrator has deleted.
 *
 * @param known - What {@link writtenTables} has just said.
 * @throws {SlipwayError} `CONFLICT` when another version's is there, `UNSUPPORTED` on a kernel without nf_tables.
 */
export async function missingRuleset(host: Host, known?: ReadonlySet<Family>): Promise<Plan> {
  const written = known ?? (await writtenTables(host))
  const plan: Operation[] = [...rulesetPlan(RULESET_FAMILIES.filter((family) => !written.has(family)))]
  for (const family of written) plan.push(...(await missingRules(host, family)))
  return plan
}

/**
 * Families whose table is there: in the others, no set has elements.
 *
 * @throws {SlipwayError} As {@link missingRuleset}.
 */
export async function writtenTables(host: Host): Promise<ReadonlySet<Family>> {
  const comments = await Promise.all(RULESET_FAMILIES.map((family) => findTable(host, family)))
  const written = new Set<Family>()
  for (const [index, family] of RULESET_FAMILIES.entries()) {
    const comment = comments[index]
    if (comment === undefined) continue
    if (comment !== RULESET_VERSION) throw otherVersion(family, comment)
    written.add(family)
  }
  return written
}

const otherVersion = (family: Family, comment: string): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    `The nf_tables table "${family} ${TABLE}" is there with the comment "${comment}", and this version writes "${RULESET_VERSION}". Remove the sandboxes of the other version and its tables: nft delete table inet ${TABLE}; nft delete table bridge ${TABLE}.`,
  )

async function findTable(host: Host, family: Family): Promise<string | undefined> {
  try {
    return await host.find('table', { family, name: TABLE })
  } catch (error) {
    // No such netlink protocol, or no subsystem behind it (nfnetlink answers EINVAL for one that is not there).
    if (error instanceof SlipwayError && ['EPROTONOSUPPORT', 'EOPNOTSUPP', 'EINVAL'].includes(error.errnoName ?? '')) {
      throw new SlipwayError('UNSUPPORTED', NO_NF_TABLES, {}, { cause: error })
    }
    throw error
  }
}

/**
 * Writes what is missing of the ruleset, and in the same transaction gives every sandbox and network its elements back:
 * nobody may claim anew what is a living sandbox's. Two processes may do so at once: one wins, both have it.
 *
 * @param read - Reads what the ruleset is to hold.
 * @param wrote - Is told where there was nothing of it before.
 * @returns Whom it was written again for: sandboxes and networks, none where nothing was missing.
 */
export function ensureRuleset(
  host: Host,
  read: () => Promise<ExpectedElements>,
  wrote?: () => void,
): Promise<string[]> {
  const refused = new Set<string>()
  let given: string[] = []
  let rounds = 0
  return retrying(
    { host },
    {
      tries: TRIES,
      async attempt() {
        if (++rounds > TRIES)
          throw new SlipwayError(
            'CONFLICT',
            `Another process goes on deleting the nf_tables table "${TABLE}", or rules in it: it was written ${TRIES} times and is missing again. Stop that process (nft monitor shows what changes), and try again.`,
          )
        const generation = await host.ask('generation', {})
        const written = await writtenTables(host)
        const missing = await missingRuleset(host, written)
        if (missing.length === 0) {
          host.rulesetIsWhole(generation)
          return given
        }
        const expected = await read()
        const lacking = without(await new SetContents(host, written).lacking(expected.plan), refused)
        await host.run([...missing, ...lacking])
        if (written.size === 0) wrote?.()
        await expected.settle()
        given = expected.owners
        return LOOK_AGAIN
      },
      remedy({ operation, element, errnoName }) {
        if (operation.op !== 'element.add') return RACES.includes(errnoName) ? 'again' : undefined
        // Another sandbox has it since it was lost.
        refused.add(elementName(operation, operation.elements[element]?.key ?? ''))
        return 'again'
      },
    },
  )
}

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
