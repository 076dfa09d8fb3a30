import type { Namespace, Plan } from '../../plan/operation.js'
import { checkNamespace } from '../bridge/sandbox.js'
import type { Leaving } from '../leaving.js'
import { beginRemoval, type RecordChange, type RecordRemoval } from '../record-change.js'

/**
 * The `container` mode: the namespace of another sandbox, by a name of its own, so that it stays when that one goes.
 */

export interface JoiningSandbox {
  path: string
  /** Which one the path leads to, where that is known. */
  namespace?: Namespace | undefined
  /** The other is in the host's namespace: there is nothing to keep. */
  shares: boolean
  record: { path: string; content: string }
}

/** @param owner - Path of the namespace that is joined; the record of its sandbox, which notes who has joined. */
export function createSandbox(
  { path, shares, record }: JoiningSandbox,
  owner: { path: string; namespace?: Namespace | undefined; record: RecordChange },
): Plan {
  return [
    { op: 'file.create', ...record },
    ...(shares ? [] : [...checkNamespace(owner), { op: 'netns.bind', path, from: owner.path } as const]),
    { op: 'file.replace', path: owner.record.path, content: owner.record.content, expected: owner.record.before },
  ]
}

/** @param owner - Record of the sandbox that was joined, if that is there still. */
export function removeSandbox(
  { path, namespace, shares, record }: JoiningSandbox & { record: RecordRemoval },
  owner: RecordChange | undefined,
): Leaving {
  const first: Plan = [
    beginRemoval(record),
    ...(owner
      ? [{ op: 'file.replace', path: owner.path, content: owner.content, expected: owner.before } as const]
      : []),
  ]
  const forget = { op: 'file.delete', path: record.path } as const
  return shares
    ? { first: [...first, forget], rest: [] }
    : { first, rest: [{ op: 'netns.delete', path, namespace }, forget] }
}
