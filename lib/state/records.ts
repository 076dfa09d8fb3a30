import { readFileSync } from 'node:fs'
import type { BridgeEndpoint } from '../drivers/endpoint.js'
import type { NameOptions } from '../names/options.js'
import type { PortMapping } from '../ports/mapping.js'
import { listFrom, readFrom, storeIn, type Stored } from './folder.js'
import type { Maker } from './maker.js'

/** What is remembered of a sandbox. */
export interface SandboxRecord {
  version: 2
  /** 64 hex digits. */
  id: string
  name: string
  /** As it was asked for: `bridge`, `host`, `none`, the name of a network, or `container:` and the id of the sandbox joined. */
  network: string
  /** Path of the namespace. */
  path: string
  /** The namespace was made by somebody else. */
  foreign?: true
  created: string
  /** The process that makes it. */
  maker: Maker
  /** In the order in which they were connected. */
  endpoints: BridgeEndpoint[]
  /** Those that are published, and those that would be if their sandbox had the network that they lead to. */
  ports: PortMapping[]
  /** Ids of the sandboxes that have joined this one's namespace. */
  sharedBy?: string[]
  /** Of the sandbox that this one has joined: what is to be told of it when it has gone. */
  joined?: Pick<SandboxRecord, 'name' | 'network' | 'names'>
  /** What was said about its names. */
  names?: NameOptions
}

export type StoredRecord = Stored<SandboxRecord>

export const SANDBOX_VERSION = 2

export const store = (folder: string, record: SandboxRecord): StoredRecord => storeIn(folder, record)

/** The record of a name; `undefined` when there is none. */
export const readRecord = (folder: string, name: string): Promise<StoredRecord | undefined> => readFrom<SandboxRecord>(folder, name, SANDBOX_VERSION)

export const listRecords = (folder: string): Promise<StoredRecord[]> => listFrom<SandboxRecord>(folder, SANDBOX_VERSION)

/** Whether a sandbox is still the one that has its name. */
export function isCurrent(path: string, id: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as SandboxRecord).id === id
  } catch {
    return false
  }
}

