import type { Namespace, Plan } from '../../plan/operation.js'
import { checkNamespace } from '../bridge/sandbox.js'
import type { Leaving } from '../leaving.js'
import { beginRemoval, endMaking, type RecordRemoval } from '../record-change.js'

/** The `none` driver: a namespace of its own with loopback, and nothing else. */

export interface NoneSandbox {
  path: string
  /** The namespace was made by somebody else: it is left as it is. */
  foreign: boolean
  /** Which one the path leads to, where that is known. */
  namespace?: Namespace | undefined
  record: { path: string; content: string }
}

export function createSandbox({ path, foreign, namespace, record }: NoneSandbox): Plan {
  return [
    { op: 'file.create', ...record },
    ...(foreign
      ? checkNamespace({ path, namespace })
      : ([
          { op: 'netns.create', path },
          { op: 'link.set', netns: path, name: 'lo', up: true },
        ] as const)),
    endMaking(record),
  ]
}

export function removeSandbox({ path, foreign, namespace, record }: NoneSandbox & { record: RecordRemoval }): Leaving {
  const forget = { op: 'file.delete', path: record.path } as const
  if (foreign) return { first: [beginRemoval(record), forget], rest: [] }
  return { first: [beginRemoval(record)], rest: [{ op: 'netns.delete', path, namespace }, forget] }
}
