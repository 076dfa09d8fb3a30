import type { Operation } from '../plan/operation.js'

/** A record that changes. */
export interface RecordChange {
  path: string
  before: string
  content: string
  /** Its text while the change is made. */
  mark?: string
}

/** A record that goes. */
export interface RecordRemoval {
  path: string
  content: string
  mark?: string
}

/**
 * Comes last in what makes a sandbox: from then on nothing that its processes do inside is taken for a sign that it is
 * half made.
 */
export const endMaking = ({ path }: { path: string }): Operation => ({ op: 'file.mark', path })

/**
 * Comes first: nobody else's change came in between, and the record names the process that is at work. Others wait for
 * it; and whoever opens the host leaves alone what it finds half done, and ends it once that process has died.
 */
export const beginChange = ({ path, before, mark }: Omit<RecordChange, 'content'>): Operation =>
  mark === undefined
    ? { op: 'file.check', path, expected: before }
    : { op: 'file.replace', path, content: mark, expected: before }

export const beginRemoval = ({ content, ...record }: RecordRemoval): Operation =>
  beginChange({ ...record, before: content })

/** Makes the change known. */
export const endChange = ({ path, content, before, mark }: RecordChange): Operation => ({
  op: 'file.replace',
  path,
  content,
  expected: mark ?? before,
})
