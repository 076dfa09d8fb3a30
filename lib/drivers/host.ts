import type { Plan } from '../plan/operation.js'

/** The `host` driver: the host's own namespace. Only the name is new. */

export interface HostSandbox {
  record: { path: string; content: string }
}

export const createSandbox = ({ record }: HostSandbox): Plan => [{ op: 'file.create', ...record }]

export const removeSandbox = ({ record }: HostSandbox): Plan => [
  { op: 'file.check', path: record.path, expected: record.content },
  { op: 'file.delete', path: record.path },
]
