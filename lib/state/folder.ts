import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../errors.js'
import { Slices } from '../slices.js'
import { namesIn } from './names-in.js'

/**
 * Folders of records: what the kernel has no place for, one small file each. The executor writes them (operations
 * `file.create`, `file.replace`, `file.delete` of a plan), so that a record comes and goes with the kernel's objects.
 */

/** A record and the very text of its file: what a `file.replace` must find. */
export interface Stored<T> {
  record: T
  path: string
  text: string
}

/** @param printed - Texts of what is in the record and has been printed before. */
export function storeIn<T extends { name: string }>(folder: string, record: T, printed: Readonly<Record<string, string>> = {}): Stored<T> {
  const rest: Record<string, unknown> = { ...record }
  for (const key in printed) rest[key] = undefined
  let text = print(rest)
  for (const key in printed) text = append(text, `"${key}":${printed[key]}`)
  return { record, path: `${folder}/${record.name}.json`, text }
}

/** The text of a record with more in it: what is only added is not worth printing all of it anew. */
export function textWith<T extends { name: string }>({ record, text }: Stored<T>, more: Partial<T>): string {
  if (Object.keys(more).some((key) => key in record)) return print({ ...record, ...more })
  return append(text, print(more).slice(1, -END.length))
}

const END = '}\n'
const append = (text: string, more: string): string => `${text.slice(0, -END.length)},${more}${END}`
const print = (record: object): string => `${JSON.stringify(record)}\n`

/**
 * The record of a name; `undefined` when there is none.
 *
 * @param version - Which the record must have.
 * @throws {SlipwayError} `CONFLICT` for what is no such record.
 */
export async function readFrom<T extends { version: number }>(folder: string, name: string, version: T['version']): Promise<Stored<T> | undefined> {
  return read(folder, `${name}.json`, version)
}

/** Read at once and a few at a time: a file on tmpfs is there in a tenth of the time that it takes a thread to be asked for it. */
export async function listFrom<T extends { version: number }>(folder: string, version: T['version']): Promise<Stored<T>[]> {
  const names = (await unlessMissing(folder, () => namesIn(folder))) ?? []
  const found: Stored<T>[] = []
  const slices = new Slices()
  for (const file of names.sort()) {
    // `.next` is a file.replace on its way.
    const record = file.endsWith('.json') ? await read<T>(folder, file, version) : undefined
    if (record) found.push(record)
    const pause = slices.next()
    if (pause) await pause
  }
  return found
}

async function read<T extends { version: number }>(folder: string, file: string, version: T['version']): Promise<Stored<T> | undefined> {
  const path = join(folder, file)
  const text = await unlessMissing(folder, () => readFileSync(path, 'utf8'))
  return text === undefined ? undefined : { record: parse<T>(path, text, version), path, text }
}

/** Paths of what a `file.replace` is writing at this moment, or was when its process died. */
export async function listHalfWritten(folder: string): Promise<string[]> {
  const names = (await unlessMissing(folder, () => namesIn(folder))) ?? []
  return names.filter((name) => name.endsWith('.json.next')).map((name) => join(folder, name))
}

/** `undefined` for a file or folder that is not there. */
async function unlessMissing<T>(folder: string, read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new SlipwayError('INVALID_ARGUMENT', `stateDir: ${folder} cannot be read (${code}). Give a directory of this process's own as stateDir, best on tmpfs.`, {}, { cause: error })
  }
}

function parse<T extends { version: number }>(path: string, text: string, version: number): T {
  let record: T | null
  try {
    record = JSON.parse(text) as T | null
  } catch {
    record = null
  }
  if (record?.version === version) return record
  throw new SlipwayError('CONFLICT', `${path} is no record of Slipway, or one of another version. Remove the file, or give another stateDir.`)
}
