import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { StoredEndpoint } from './endpoint.js'
import type { Labels } from '../base/labels.js'
import type { NameOptions } from '../base/name-options.js'
import type { PortMapping } from '../base/port-mapping.js'
import { listFrom, readFrom, storeIn, type Damaged, type Stored } from './folder.js'
import { asOfNow, type BootedNamespace } from './namespace.js'
import { readRecordText } from './kind.js'
import { isAlive, type Ephemeral, type Maker } from './maker.js'
import { readRegular } from './read-file.js'
import { SANDBOX } from './sandbox-kind.js'
import { isRecent, now, sleep } from '../base/timers.js'

/** What is remembered of a sandbox. */
export interface SandboxRecord {
  version: 3
  /** 64 hex digits. */
  id: string
  name: string
  /**
   * As it was asked for: `bridge`, `host`, `none`, the name of a network, or `container:` and the id of the sandbox
   * joined.
   */
  network: string
  /** Whose namespace it has: one of its own, the host's, or that of the sandbox that it has joined. */
  stack: 'own' | 'host' | 'joined'
  /** Path of the namespace. */
  path: string
  /** Which namespace that is, whatever the path leads to by now. Older records have none. */
  namespace?: BootedNamespace
  /** The namespace was made by somebody else: it is never removed. */
  foreign?: true
  created: string
  /** The process that makes it. */
  maker: Maker
  /** The process that is changing it at this moment; others wait, or end what it had begun when it has died. */
  busy?: Maker
  /** Id of the endpoint that comes or goes meanwhile. */
  changing?: string
  /**
   * Nobody reaches it any more, and it is no sandbox to anybody; its name is taken until `busy` has taken the rest
   * away.
   */
  removing?: true
  /** In the order in which they were connected. */
  endpoints: StoredEndpoint[]
  /** Those that are published, and those that would be if their sandbox had the network that they lead to. */
  ports: PortMapping[]
  /** Ids of the sandboxes that have joined this one's namespace. */
  sharedBy?: string[]
  /** Of the sandbox that this one has joined: what is to be told of it when it has gone. */
  joined?: Pick<SandboxRecord, 'id' | 'name' | 'network' | 'names'>
  /** What was said about its names. */
  names?: NameOptions
  labels?: Labels
  /** It is a router: it passes on between its networks. */
  forwarding?: true
  /** It goes when its maker has ended. */
  ephemeral?: Ephemeral
}

/** Whether a living process is making or changing it, as far as the record tells. */
export const isAtWork = ({ maker, busy }: SandboxRecord): boolean => isAlive(busy ?? maker)

/**
 * Whether a living process has yet to make it to its end, or undo it. What shares a namespace is made by claiming its
 * name, and tells nothing. One from the pool is finished when it has its path, a moment after its record: when that is
 * gone later, it is for another reason.
 */
export function isInTheMaking({ record, marked }: StoredRecord): boolean {
  const { stack, path, maker, created, busy } = record
  if (marked === undefined || busy || stack !== 'own') return false
  if (marked && (!isRecent(Date.parse(created), YOUNG_MS) || existsSync(path))) return false
  return isAlive(maker)
}

/** Whether a living process is taking away what is left of it. */
export const isLeaving = ({ removing, busy }: SandboxRecord): boolean =>
  removing === true && busy !== undefined && isAlive(busy)

/** Whether a living process is changing it. */
export const isBusy = ({ busy }: SandboxRecord): boolean => busy !== undefined && isAlive(busy)

/** As it is when nobody is changing it. */
export function idle({ busy: _, changing: __, ...record }: SandboxRecord): SandboxRecord {
  return record
}

/** Where its namespace is, and which that is, where it is known. */
export const stackPlace = ({ path, namespace, foreign }: Pick<SandboxRecord, 'path' | 'namespace' | 'foreign'>) => ({
  path,
  namespace: namespace && asOfNow(namespace),
  foreign: foreign ?? false,
})

export type StoredRecord = Stored<SandboxRecord>

/** @param endpoints - Their text, which may be there already. */
export const toStored = (
  folder: string,
  record: SandboxRecord,
  endpoints = printEndpoints(record.endpoints),
): StoredRecord => storeIn(folder, record, { endpoints })

export const printEndpoints = (endpoints: readonly StoredEndpoint[]): string => JSON.stringify(endpoints)

/** The record of a name, were it of a sandbox that is being removed; `undefined` when there is none. */
export const readAnyRecord = (folder: string, name: string): Promise<StoredRecord | undefined> =>
  readFrom(folder, name, SANDBOX)

/** The record of the sandbox of a name; `undefined` when there is none. */
export async function readRecord(folder: string, name: string): Promise<StoredRecord | undefined> {
  const found = await readAnyRecord(folder, name)
  return found?.record.removing ? undefined : found
}

/**
 * Those of sandboxes that are being removed, too.
 *
 * @param damaged - Is told of what is no record.
 * @param known - As they were read before.
 */
export const listAllRecords = (
  folder: string,
  damaged?: (one: Damaged) => void,
  known?: readonly StoredRecord[],
): Promise<StoredRecord[]> => listFrom(folder, SANDBOX, damaged, known)

export const listRecords = async (
  folder: string,
  damaged?: (one: Damaged) => void,
  known?: readonly StoredRecord[],
): Promise<StoredRecord[]> => (await listAllRecords(folder, damaged, known)).filter(({ record }) => !record.removing)

/** Whether a sandbox is still the one that has its name. */
export function isCurrent(path: string, id: string): boolean {
  const { text } = readRegular(path) ?? {}
  if (text === undefined) return false
  const { record } = readRecordText(SANDBOX, basename(path, '.json'), text)
  return record?.id === id && !record.removing
}

/** How long, in milliseconds, a change that is on its way is waited for, and how long between two looks. */
const PATIENCE_MS = 5000
const STEP_MS = 2
/** What is older, in milliseconds, has long come from the pool. */
const YOUNG_MS = 1000

/** Reads a record until its sandbox has been made, and no change of it is on its way. */
export async function whenIdle<T extends StoredRecord | undefined>(read: () => Promise<T>): Promise<T> {
  const deadline = now() + PATIENCE_MS
  for (;;) {
    const found = await read()
    if (!found || !(isBusy(found.record) || isInTheMaking(found)) || now() > deadline) return found
    await sleep(STEP_MS)
  }
}

/** What a sandbox is called in its files: as was asked for, or the first twelve digits of its id. */
export const hostnameOf = ({ id, names }: Pick<SandboxRecord, 'id' | 'names'>): string =>
  names?.hostname ?? id.slice(0, 12)

/** What its processes are called: as those of the one that it has joined; `undefined` for the host's own name. */
export const ownHostname = ({ stack, id, names, joined }: SandboxRecord): string | undefined =>
  stack === 'host' ? names?.hostname : hostnameOf(joined ?? { id, ...(names ? { names } : {}) })
