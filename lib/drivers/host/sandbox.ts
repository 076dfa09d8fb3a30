import type { Plan } from '../../plan/operation.js'
import type { Leaving } from '../leaving.js'
import { beginRemoval, type RecordRemoval } from '../record-change.js'

/** The `host` driver: the host's own namespace. Only the name is new. */

export interface HostSandbox {
  record: { path: string; content: string }
}

export const createSandbox = ({ record }: HostSandbox): Plan => [{ op: 'file.create', ...record }]

export const removeSandbox = ({ record }: { record: RecordRemoval }): Leaving => ({
  first: [beginRemoval(record), { op: 'file.delete', path: record.path }],
  rest: [],
})
