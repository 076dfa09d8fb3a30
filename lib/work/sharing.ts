import { dirname } from 'node:path'
import { isCurrent, listRecords, type SandboxRecord, type StoredRecord } from '../store/records.js'

/** Whose network a sandbox has that was created with `container:…`. */
export interface Sharing {
  /** 64 hex digits. */
  id: string
  /** Of that sandbox. */
  name: string
  /**
   * Whether that sandbox is there still. Its removal takes the interfaces along, and leaves loopback to those who
   * share.
   */
  alive: boolean
}

/** Id of the sandbox that another has joined; `undefined` for one that has joined none. */
export const joinedId = ({ joined }: Pick<SandboxRecord, 'joined'>): string | undefined => joined?.id

/** As it is at this moment. */
export function sharingOf({ record, path }: StoredRecord): Sharing | undefined {
  const id = joinedId(record)
  if (id === undefined) return undefined
  const name = record.joined?.name ?? ''
  return { id, name, alive: isCurrent(`${dirname(path)}/${name}.json`, id) }
}

/** The sandbox that another has joined, if it is there still. */
export async function ownerOfJoined(
  record: Pick<SandboxRecord, 'joined'>,
  records: string,
): Promise<StoredRecord | undefined> {
  const id = joinedId(record)
  return (await listRecords(records)).find((stored) => stored.record.id === id)
}

/** What is left of the sandbox that another had joined: its names, and no network. */
export const whatIsLeft = (record: SandboxRecord, id: string): SandboxRecord => {
  const { names: _, joined, ...rest } = record
  return { ...rest, ...joined, stack: record.foreign ? 'host' : 'own', id, endpoints: [], ports: [] }
}
