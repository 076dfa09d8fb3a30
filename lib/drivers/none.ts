import type { Plan } from '../plan/operation.js'

/** The `none` driver: a namespace of its own with loopback, and nothing else. */

export interface NoneSandbox {
  path: string
  record: { path: string; content: string }
}

export function createSandbox({ path, record }: NoneSandbox): Plan {
  return [
    { op: 'file.create', ...record },
    { op: 'netns.create', path },
    { op: 'link.set', netns: path, name: 'lo', up: true },
  ]
}

export function removeSandbox({ path, record }: NoneSandbox): Plan {
  return [
    { op: 'file.check', path: record.path, expected: record.content },
    { op: 'netns.delete', path },
    { op: 'file.delete', path: record.path },
  ]
}
