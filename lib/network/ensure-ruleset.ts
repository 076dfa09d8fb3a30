import { SlipwayError } from '../errors.js'
import { RULESET_FAMILIES, RULESET_VERSION, rulesetPlan } from '../firewall/ruleset.js'
import { TABLE } from '../firewall/sets.js'
import { NO_NF_TABLES, PlanRefused, type Host } from '../host.js'
import type { Family, Plan } from '../plan/operation.js'
import { explainRefusal } from '../refusals.js'

/** Two processes may write it at once, or somebody delete it meanwhile: this many times it is looked at again. */
const TRIES = 16

/**
 * What of the ruleset has yet to be written: all of it before first use, or the table that somebody has deleted.
 *
 * @throws {SlipwayError} `CONFLICT` when another version's is there, `UNSUPPORTED` on a kernel without nf_tables.
 */
export async function missingRuleset(host: Host): Promise<Plan> {
  const written = await writtenTables(host)
  return rulesetPlan(RULESET_FAMILIES.filter((family) => !written.has(family)))
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

/** Writes the ruleset unless it is there. Two processes may do so at once: one wins, both have it. */
export async function ensureRuleset(host: Host): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const missing = await missingRuleset(host)
    if (missing.length === 0) return
    try {
      return await host.run(missing)
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error
      if (!(error.operation.op === 'table.add' && error.errnoName === 'EEXIST' && attempt < TRIES)) throw await explainRefusal(error, host)
    }
  }
}
