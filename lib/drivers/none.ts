import type { Plan } from '../plan/operation.js'
import type { Leaving } from './leaving.js'
import { beginRemoval, type RecordRemoval } from './record-change.js'

/** The `none` driver: a namespace of its own with loopback, and nothing else. */

export interface NoneSandbox {
  path: string
  /** The namespace was made by somebody else: it is left as it is. */
  foreign: boolean
  record: { path: string; content: string }
}

export function createSandbox({ path, foreign, record }: NoneSandbox): Plan {
  return [
    { op: 'file.create', ...record },
    ...(foreign ? [] : ([{ op: 'netns.create', path }, { op: 'link.set', netns: path, name: 'lo', up: true }] as const)),
  ]
}

export function removeSandbox({ path, foreign, record }: NoneSandbox & { record: RecordRemoval }): Leaving {
  const forget = { op: 'file.delete', path: record.path } as const
  if (foreign) return { first: [beginRemoval(record), forget], rest: [] }
  return { first: [beginRemoval(record)], rest: [{ op: 'netns.delete', path }, forget] }
}
