import { dirname } from 'node:path'
import type { SubnetRequest } from '../base/addresses/subnet-request.js'
import type { NetworkSpec } from './network-spec.js'
import { listFrom, readFrom, storeIn, type Damaged, type Stored } from './folder.js'
import { isRecent } from '../base/timers.js'
import { isAlive, type Maker } from './maker.js'
import { NETWORK } from './network-kind.js'

/** What is remembered of a network that somebody has created. */
export interface NetworkRecord {
  version: 2
  id: string
  name: string
  created: string
  maker: Maker
  /** What it is, without the record itself. */
  spec: Omit<NetworkSpec, 'record'>
  /** What was asked for, as inspect shows it. */
  ipv4: boolean
  ipv6: boolean
  /** Left out where the subnets were chosen. */
  subnets?: readonly SubnetRequest[]
  options: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
  /**
   * The process that removes it: nobody joins it any more, and it is no network to anybody. Where it turns out to be in
   * use, it stays.
   */
  removing?: Maker
}

export type StoredNetwork = Stored<NetworkRecord>

export const toStoredNetwork = (folder: string, record: NetworkRecord): StoredNetwork => storeIn(folder, record)
/** The record of the network of a name; `undefined` when there is none, or it is being removed. */
export async function readNetworkRecord(folder: string, name: string): Promise<StoredNetwork | undefined> {
  const found = await readFrom(folder, name, NETWORK)
  return found?.record.removing ? undefined : found
}

/** Those of networks that are not being removed. @param damaged - Is told of what is no record. */
export const listNetworkRecords = async (folder: string, damaged?: (one: Damaged) => void): Promise<StoredNetwork[]> =>
  (await listFrom(folder, NETWORK, damaged)).filter(({ record }) => !record.removing)

/** Those of networks that are being removed, or were when their remover died. */
export const listLeavingNetworks = async (folder: string): Promise<StoredNetwork[]> =>
  (await listFrom(folder, NETWORK)).filter(({ record }) => record.removing)

/** A network that is younger, in milliseconds, may be in the making by its maker, if that lives. */
export const MAKING_MS = 1000

/** By the clock of the day, which may have been set since: no reason to wait for longer than a making takes. */
export const isYoung = ({ record: { created } }: StoredNetwork): boolean => isRecent(Date.parse(created), MAKING_MS)

/** Whether a living process may have yet to make it to its end. */
export const isInTheMaking = (stored: StoredNetwork): boolean => isYoung(stored) && isAlive(stored.record.maker)

/** The record of a network that is being removed by a process. */
export const leaving = ({ record, path }: StoredNetwork, removing: Maker): StoredNetwork =>
  toStoredNetwork(dirname(path), { ...record, removing })

/** Before it was. */
export function staying({ record, path }: StoredNetwork): StoredNetwork {
  const { removing: _, ...rest } = record
  return toStoredNetwork(dirname(path), rest)
}

/** As the drivers take it. */
export const specOf = ({ record, path, text }: StoredNetwork): NetworkSpec => ({
  ...record.spec,
  record: { path, content: text },
})
