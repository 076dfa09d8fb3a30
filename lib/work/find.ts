import { byId, isWholeId } from '../base/by-name-or-id.js'
import { show, SlipwayError } from '../base/errors.js'
import { listRecords, readRecord, type StoredRecord } from '../store/records.js'
import { nameCheck } from '../base/name.js'

/**
 * A sandbox's record by its whole id, its name, or the beginning of an id that no other has.
 *
 * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
 */
export async function findSandbox(records: string, nameOrId: string): Promise<StoredRecord> {
  const named = async () => (nameCheck(nameOrId) === undefined ? await readRecord(records, nameOrId) : undefined)
  const withId = async () =>
    byId(
      /^[0-9a-f]+$/.test(nameOrId) ? await listRecords(records) : [],
      nameOrId,
      'sandbox',
      ({ record: { id, name } }) => ({ id, name }),
    )
  const found = isWholeId(nameOrId) ? ((await withId()) ?? (await named())) : ((await named()) ?? (await withId()))
  if (found) return found
  throw new SlipwayError(
    'NOT_FOUND',
    `There is no sandbox ${show(nameOrId)} on this host. slipway ls shows what there is.`,
  )
}
