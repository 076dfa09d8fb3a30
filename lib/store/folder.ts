import { basename, dirname, join } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { inWords, isShortOfFiles } from '../base/shortage.js'
import { Slices } from '../admission/slices.js'
import { readRecordText, type RecordKind } from './kind.js'
import { listFolder } from './list-folder.js'
import { isRegular, readRegular, readRegulars, type Read } from './read-file.js'

/**
 * Folders of records: what the kernel has no place for, one small file each. The executor writes them (operations
 * `file.create`, `file.replace`, `file.delete` of a plan), so that a record comes and goes with the kernel's objects.
 */

/** A record and the very text of its file: what a `file.replace` must find. */
export interface Stored<T> {
  record: T
  path: string
  text: string
  /** What it tells of has been made to its end (`file.mark`). Known of records that were read. */
  marked?: boolean
}

/** @param printed - Texts of what is in the record and has been printed before. */
export function storeIn<T extends { name: string }>(
  folder: string,
  record: T,
  printed: Readonly<Record<string, string>> = {},
): Stored<T> {
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

/** What stands in a record's place and is none. */
export interface Damaged {
  path: string
  /** After its file. */
  name: string
  /** What is in it, where it can be read at all. */
  text?: string
  why: string
  /** A later version of Slipway can read it. */
  later?: true
}

const END_OF_NAME = '.json'
/** So many files are read and looked through in one go, which takes about half a millisecond. */
const AT_ONCE = 8

/**
 * The record of a name; `undefined` when there is none.
 *
 * @throws {SlipwayError} `CONFLICT` for what is no such record.
 */
export async function readFrom<T>(folder: string, name: string, kind: RecordKind<T>): Promise<Stored<T> | undefined> {
  const file = `${name}${END_OF_NAME}`
  const read = readRegular(join(folder, file))
  const found = read && judge(folder, file, kind, read)
  if (found && 'why' in found) throw new SlipwayError('CONFLICT', sayDamage(found))
  return found
}

/** What is wrong with a file, and what to do. */
export const sayDamage = ({ path, why, later }: Damaged): string =>
  later
    ? `A newer Slipway has written ${path}: ${why}. Nothing was changed. Use the newer version here. To go back to this one, remove all with the newer one first (slipway uninstall).`
    : `${path} is no record that this version of Slipway can read: ${why}. What it is of stays as it is. Mend the file, or remove it: then what is left of its sandbox or network is collected.`

/**
 * All records of a folder.
 *
 * @param damaged - Is told of what is none.
 * @param known - As they were read before: those that have the same text are not looked through again.
 */
export async function listFrom<T>(
  folder: string,
  kind: RecordKind<T>,
  damaged?: (one: Damaged) => void,
  known: readonly Stored<T>[] = [],
): Promise<Stored<T>[]> {
  const before = new Map(known.map((item) => [item.path, item]))
  const found: Stored<T>[] = []
  // `.next` is a file.replace on its way.
  const files = (await list(folder)).filter((file) => file.endsWith(END_OF_NAME)).sort()
  await readEach(folder, files, (file, read) => {
    const record = judge(folder, file, kind, read, before)
    if ('why' in record) damaged?.(record)
    else found.push(record)
  })
  return found
}

/**
 * What is in the files of records of one folder by now, by their paths: those that are there still, `undefined` of what
 * cannot be read.
 */
export async function readTexts(items: readonly Stored<unknown>[]): Promise<ReadonlyMap<string, string | undefined>> {
  const texts = new Map<string, string | undefined>()
  const [first] = items
  if (!first) return texts
  const folder = dirname(first.path)
  await readEach(
    folder,
    items.map(({ path }) => basename(path)),
    (file, { text }) => texts.set(join(folder, file), text),
  )
  return texts
}

/** @param read - Is told of those that are there. */
async function readEach(
  folder: string,
  files: readonly string[],
  read: (file: string, found: Read) => void,
): Promise<void> {
  const slices = new Slices()
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = files.slice(from, from + AT_ONCE)
    const found = readRegulars(folder, some)
    for (const [index, file] of some.entries()) {
      const one = found[index]
      if (one) read(file, one)
    }
    const pause = slices.next()
    if (pause) await pause
  }
}

function judge<T>(
  folder: string,
  file: string,
  kind: RecordKind<T>,
  found: Read,
  known?: ReadonlyMap<string, Stored<T>>,
): Stored<T> | Damaged {
  const path = join(folder, file)
  const name = file.slice(0, -END_OF_NAME.length)
  if (found.text === undefined) return { path, name, why: found.why }
  const before = known?.get(path)
  if (before?.text === found.text) return { ...before, marked: found.marked }
  const judged = readRecordText(kind, name, found.text)
  if (judged.why === undefined) return { record: judged.record, path, text: found.text, marked: found.marked }
  return { path, name, text: found.text, why: judged.why, ...(judged.later ? { later: true } : {}) }
}

/** What a `file.replace` writes has this name beside that of the record, until it takes its place. */
const NEXT = '.next'

/** The record that was to be replaced by what is half written. */
export const recordOf = (halfWritten: string): string => halfWritten.slice(0, -NEXT.length)

/**
 * Paths of what a `file.replace` is writing at this moment, or was when its process died. What is no file, none of ours
 * has written.
 */
export async function listHalfWritten(folder: string): Promise<string[]> {
  return (await list(folder))
    .filter((name) => name.endsWith(`${END_OF_NAME}${NEXT}`))
    .map((name) => join(folder, name))
    .filter(isRegular)
}

/** Names of what is in a folder of records; of one that is not there, none. */
async function list(folder: string): Promise<string[]> {
  try {
    return await listFolder(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (isShortOfFiles(code)) throw inWords(error)
    throw new SlipwayError(
      'INVALID_ARGUMENT',
      `stateDir: ${folder} cannot be read (${code}). Give a directory of this process's own as stateDir, best on tmpfs.`,
      {},
      { cause: error },
    )
  }
}
