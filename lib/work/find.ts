import { show, SlipwayError } from '../base/errors.js'
import { listRecords, readRecord, type StoredRecord } from '../store/records.js'
import { nameCheck } from '../base/name.js'

/**
 * A sandbox's record by name, id, or the beginning of an id that no other has.
 *
 * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
 */
export async function findSandbox(records: string, nameOrId: string): Promise<StoredRecord> {
  const named = nameCheck(nameOrId) === undefined ? await readRecord(records, nameOrId) : undefined
  if (named) return named
  const found = /^[0-9a-f]+$/.test(nameOrId)
    ? (await listRecords(records)).filter(({ record }) => record.id.startsWith(nameOrId))
    : []
  const [one, other] = found
  if (!one)
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no sandbox ${show(nameOrId)} on this host. slipway ls shows what there is.`,
    )
  if (other)
    throw new SlipwayError(
      'CONFLICT',
      `Several sandboxes have an id that begins with ${nameOrId}: ${found.map(({ record }) => record.name).join(', ')}. Give more digits, or a name.`,
    )
  return one
}
