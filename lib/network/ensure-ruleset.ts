import { SlipwayError } from '../errors.js'
import { RULESET_VERSION, rulesetPlan } from '../firewall/ruleset.js'
import { TABLE } from '../firewall/sets.js'
import { PlanRefused, type Host } from '../host.js'
import { explainRefusal } from '../refusals.js'

/**
 * Whether the ruleset has yet to be written.
 *
 * @throws {SlipwayError} `CONFLICT` when another version's is there, `UNSUPPORTED` on a kernel without nf_tables.
 */
export async function rulesetMissing(host: Host): Promise<boolean> {
  const comment = await findTable(host)
  if (comment === undefined) return true
  if (comment === RULESET_VERSION) return false
  throw new SlipwayError(
    'CONFLICT',
    `The nf_tables table "inet ${TABLE}" is there with the comment "${comment}", and this version writes "${RULESET_VERSION}". Remove the sandboxes of the other version and its tables: nft delete table inet ${TABLE}; nft delete table bridge ${TABLE}.`,
  )
}

async function findTable(host: Host): Promise<string | undefined> {
  try {
    return await host.find('table', { family: 'inet', name: TABLE })
  } catch (error) {
    // No such netlink protocol, or no subsystem behind it (nfnetlink answers EINVAL for one that is not there).
    if (error instanceof SlipwayError && ['EPROTONOSUPPORT', 'EOPNOTSUPP', 'EINVAL'].includes(error.errnoName ?? '')) {
      throw new SlipwayError('UNSUPPORTED', 'This kernel has no nf_tables. Load it (modprobe nf_tables), or run a kernel with CONFIG_NF_TABLES, Linux 5.7 or later.', {}, { cause: error })
    }
    throw error
  }
}

/** Writes the ruleset unless it is there. Two processes may do so at once: one wins, both have it. */
export async function ensureRuleset(host: Host): Promise<void> {
  if (!(await rulesetMissing(host))) return
  try {
    await host.run(rulesetPlan())
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error
    if (error.operation.op === 'table.add' && error.errnoName === 'EEXIST') return ensureRuleset(host)
    throw await explainRefusal(error, host)
  }
}
