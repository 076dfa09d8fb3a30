import type { Plan } from '../../plan/operation.js'
import { checkNamespace, type JoinedStack, type StackPlace } from '../stack.js'

/**
 * A sandbox in the namespace of another, by a name of its own, so that the namespace stays when that one goes.
 *
 * @param place - Foreign where the other is in the host's namespace: there is nothing to keep.
 */
export function joinSandbox(
  { path, foreign, record }: StackPlace & { record: { path: string; content: string } },
  owner: JoinedStack,
): Plan {
  return [
    { op: 'file.create', ...record },
    ...(foreign ? [] : [...checkNamespace(owner), { op: 'netns.bind', path, from: owner.path } as const]),
    { op: 'file.replace', path: owner.record.path, content: owner.record.content, expected: owner.record.before },
  ]
}
