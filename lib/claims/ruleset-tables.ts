import { SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import { NO_NF_TABLES } from '../kernel/refusal.js'
import type { Family } from '../plan/operation.js'
import { RULESET_FAMILIES, RULESET_NUMBER, RULESET_VERSION, rulesetNumber } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'

/** The tables of the ruleset that are there. */
export interface FoundTables {
  /** Their families: in the others, no set has elements. */
  written: ReadonlySet<Family>
  /** Those of them that an older version has written, and which that is. */
  older: ReadonlyMap<Family, number>
}

/** @throws {SlipwayError} `CONFLICT` when a newer version's is there, `UNSUPPORTED` on a kernel without nf_tables. */
export async function findTables(host: Host): Promise<FoundTables> {
  const comments = await Promise.all(RULESET_FAMILIES.map((family) => findTable(host, family)))
  const written = new Set<Family>()
  const older = new Map<Family, number>()
  for (const [index, family] of RULESET_FAMILIES.entries()) {
    const comment = comments[index]
    if (comment === undefined) continue
    const version = rulesetNumber(comment)
    if (version === undefined) throw notOurs(family, comment)
    if (version > RULESET_NUMBER) throw newer(version)
    if (version < RULESET_NUMBER) older.set(family, version)
    written.add(family)
  }
  return { written, older }
}

/** Families whose table is there. @throws {SlipwayError} As {@link findTables}. */
export const writtenTables = async (host: Host): Promise<ReadonlySet<Family>> => (await findTables(host)).written

/** Which versions older tables are of: `ruleset 5`. */
export const olderVersions = ({ older }: FoundTables): string => `ruleset ${[...new Set(older.values())].join(' and ')}`

const newer = (version: number): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    `A newer Slipway has written the nf_tables tables "${TABLE}" of this host: ruleset ${version}, and this version knows ruleset ${RULESET_NUMBER}. Nothing was changed. Use the newer version here. To go back to this one, remove all with the newer one first (slipway uninstall).`,
  )

const notOurs = (family: Family, comment: string): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    `The nf_tables table "${family} ${TABLE}" is there with the comment "${comment}", and Slipway writes "${RULESET_VERSION}": another program has made it, or Slipway before 0.1.0. Nothing was changed. Remove it where nobody needs it: nft delete table ${family} ${TABLE}.`,
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
