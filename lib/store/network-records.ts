import type { SubnetRequest } from '../base/addresses/subnet-request.js'
import type { NetworkSpec } from './network-spec.js'
import { listFrom, readFrom, storeIn, type Damaged, type Stored } from './folder.js'
import type { Maker } from './maker.js'
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
}

export type StoredNetwork = Stored<NetworkRecord>

export const toStoredNetwork = (folder: string, record: NetworkRecord): StoredNetwork => storeIn(folder, record)
export const readNetworkRecord = (folder: string, name: string): Promise<StoredNetwork | undefined> =>
  readFrom(folder, name, NETWORK)
/** @param damaged - Is told of what is no record. */
export const listNetworkRecords = (folder: string, damaged?: (one: Damaged) => void): Promise<StoredNetwork[]> =>
  listFrom(folder, NETWORK, damaged)

/** As the drivers take it. */
export const specOf = ({ record, path, text }: StoredNetwork): NetworkSpec => ({
  ...record.spec,
  record: { path, content: text },
})
