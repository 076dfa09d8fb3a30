import type { Namespace, NetnsCheck, Operation } from '../plan/operation.js'
import type { RecordChange } from './record-change.js'

/** Whose namespace a sandbox has: one of its own, the host's, or that of another sandbox. */
export type StackKind = 'own' | 'host' | 'joined'

/** A namespace, by its path. */
export interface StackPlace {
  path: string
  /** It was made by somebody else, who will remove it, too. */
  foreign?: boolean | undefined
  /** Which one the path leads to, where that is known: what has come in its place is not touched. */
  namespace?: Namespace | undefined
}

/** A namespace that is joined, and the record of its sandbox, which notes who has joined. */
export interface JoinedStack {
  path: string
  namespace?: Namespace | undefined
  record: RecordChange
}

/** Before anything is done in it. */
export const checkNamespace = ({ path, namespace }: StackPlace): NetnsCheck[] =>
  namespace ? [{ op: 'netns.check', path, namespace }] : []

/** Takes a namespace away, where it is ours to take. */
export const dropStack = ({ path, foreign, namespace }: StackPlace): Operation[] =>
  foreign ? [] : [{ op: 'netns.delete', path, namespace }]
