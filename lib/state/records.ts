import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../errors.js'
import type { PortMapping } from '../ports/mapping.js'

/**
 * What the kernel has no place for: one small file per sandbox. The executor writes them (operations `file.create`,
 * `file.replace`, `file.delete` of a plan), so that a record comes and goes with the kernel's objects.
 */

/** An endpoint as its record keeps it. */
export interface EndpointRecord {
  id: string
  hostLink: string
  interface: string
  mac: string
  address: string
  prefix: number
  gateway: string
}

export interface SandboxRecord {
  version: 1
  /** 64 hex digits. */
  id: string
  name: string
  network: string
  /** Path of the namespace. */
  path: string
  created: string
  /** The process that makes it. A sandbox that is not whole is left alone while its maker lives. */
  maker: Maker
  endpoint?: EndpointRecord
  ports: PortMapping[]
}

export interface Maker {
  pid: number
  /** Field 22 of /proc/PID/stat: tells a process from a later one of the same number. */
  started: string
}

/** A record and the very text of its file: what a `file.replace` must find. */
export interface StoredRecord {
  record: SandboxRecord
  path: string
  text: string
}

export function store(folder: string, record: SandboxRecord): StoredRecord {
  return { record, path: `${folder}/${record.name}.json`, text: `${JSON.stringify(record)}\n` }
}

/** The record of a name; `undefined` when there is none. */
export async function readRecord(folder: string, name: string): Promise<StoredRecord | undefined> {
  const path = join(folder, `${name}.json`)
  const text = await unlessMissing(folder, readFile(path, 'utf8'))
  return text === undefined ? undefined : { record: parse(path, text), path, text }
}

/** `undefined` for a file or folder that is not there. */
async function unlessMissing<T>(folder: string, reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new SlipwayError('INVALID_ARGUMENT', `stateDir: ${folder} cannot be read (${code}). Give a directory of this process's own as stateDir, best on tmpfs.`, {}, { cause: error })
  }
}

function parse(path: string, text: string): SandboxRecord {
  let record: SandboxRecord | null
  try {
    record = JSON.parse(text) as SandboxRecord | null
  } catch {
    record = null
  }
  if (record?.version === 1) return record
  throw new SlipwayError('CONFLICT', `${path} is no sandbox's record, or one of another version. Remove the file, or give another stateDir.`)
}

/** Paths of what a `file.replace` is writing at this moment, or was when its process died. */
export async function listHalfWritten(folder: string): Promise<string[]> {
  const names = (await unlessMissing(folder, readdir(folder))) ?? []
  return names.filter((name) => name.endsWith('.json.next')).map((name) => join(folder, name))
}

/** Whether a sandbox is still the one that has its name. */
export function isCurrent({ record, path }: StoredRecord): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as SandboxRecord).id === record.id
  } catch {
    return false
  }
}

export async function listRecords(folder: string): Promise<StoredRecord[]> {
  const names = (await unlessMissing(folder, readdir(folder))) ?? []
  const found: StoredRecord[] = []
  for (const file of names.sort()) {
    // `.next` is a file.replace on its way.
    const record = file.endsWith('.json') ? await readRecord(folder, file.slice(0, -'.json'.length)) : undefined
    if (record) found.push(record)
  }
  return found
}

function startTime(pid: number): string | undefined {
  try {
    // Field 2 is the command in parentheses, and may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch {
    return undefined
  }
}

let own: Maker | undefined

/** This process. */
export const thisProcess = (): Maker => (own ??= { pid: process.pid, started: startTime(process.pid) ?? '' })

/** Whether the process that made something still lives, as far as this pid namespace shows. */
export const isAlive = (maker: Maker): boolean => startTime(maker.pid) === maker.started

/** Comment of the elements that belong to a sandbox, as `nft list ruleset` shows it. */
export const ownerComment = (name: string, id: string): string => `${name} (${id.slice(0, 12)})`

/** The two halves of {@link ownerComment}. */
export function readOwner(comment: string): { name: string; shortId: string } | undefined {
  const [, name, shortId] = /^(.*) \(([0-9a-f]{12})\)$/.exec(comment) ?? []
  return name !== undefined && shortId !== undefined ? { name, shortId } : undefined
}
