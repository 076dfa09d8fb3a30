import { UsageError } from '../failures.js'
import { nearest } from '../near.js'
import { FUNCTIONS, isTrue } from './functions.js'
import type { Part, Value } from './parse.js'
import { show } from './show.js'

interface Scope {
  dot: unknown
  variables: Map<string, unknown>
}

/**
 * What a template says of something.
 *
 * @throws {UsageError} for a field that there is not.
 */
export function evaluate(parts: readonly Part[], root: object): string {
  checkFields(parts, root)
  return all(parts, { dot: root, variables: new Map([['', root]]) })
}

/** What is asked of the root itself has to be there, always. @throws {UsageError} */
export function checkFields(parts: readonly Part[], root: object): void {
  for (const part of parts) if ('value' in part) checkField(part.value, root)
}

function checkField(value: Value, root: object): void {
  if (value.kind === 'call' || value.kind === 'method') for (const arg of value.args) checkField(arg, root)
  const field = value.kind === 'method' ? value.field : value
  if (field.kind !== 'field' || field.of.kind !== 'dot') return
  const [name = ''] = field.names
  const fields = Object.keys(root)
  if (fields.includes(name)) return
  const near = nearest(name, fields)
  throw new UsageError(
    `--format: there is no field .${name}. ${near ? `Did you mean .${near}?` : `There are ${fields.map((one) => `.${one}`).join(', ')}.`}`,
  )
}

const all = (parts: readonly Part[], scope: Scope): string => parts.map((part) => one(part, scope)).join('')

function one(part: Part, scope: Scope): string {
  const within = (dot: unknown, variables: readonly (readonly [string | undefined, unknown])[] = []): Scope => {
    const inner = new Map(scope.variables)
    for (const [name, value] of variables) if (name !== undefined) inner.set(name, value)
    return { dot, variables: inner }
  }
  if (part.kind === 'text') return part.text
  const value = valueOf(part.value, scope)
  switch (part.kind) {
    case 'print':
      return show(value)
    case 'set':
      scope.variables.set(part.name, value)
      return ''
    case 'if':
      return all(isTrue(value) ? part.yes : part.no, within(scope.dot))
    case 'with':
      return isTrue(value) ? all(part.yes, within(value)) : all(part.no, within(scope.dot))
    case 'range': {
      // A table by its keys in their order, as Go does it.
      const entries: [unknown, unknown][] = Array.isArray(value)
        ? [...value.entries()]
        : Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
      if (entries.length === 0) return all(part.no, within(scope.dot))
      return entries
        .map(([key, item]) =>
          all(
            part.yes,
            within(item, [
              [part.key, key],
              [part.item, item],
            ]),
          ),
        )
        .join('')
    }
  }
}

function valueOf(value: Value, scope: Scope): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value
    case 'dot':
      return scope.dot
    case 'variable':
      if (!scope.variables.has(value.name)) throw new UsageError(`--format: there is no variable $${value.name}.`)
      return scope.variables.get(value.name)
    case 'field':
      return value.names.reduce(fieldOf, valueOf(value.of, scope))
    case 'method': {
      const method = valueOf(value.field, scope)
      if (typeof method !== 'function')
        throw new UsageError('--format: a field was given something, and takes nothing.')
      return (method as (...args: unknown[]) => unknown)(...value.args.map((arg) => valueOf(arg, scope)))
    }
    case 'call': {
      const call = FUNCTIONS[value.name] as (...args: unknown[]) => unknown
      return call(...value.args.map((arg) => valueOf(arg, scope)))
    }
  }
}

/**
 * Labels, ports and networks have no value where they have no such key. Of what has fields, one that is left out is
 * empty.
 *
 * @throws {UsageError} where there is no such field.
 */
function fieldOf(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object' && Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name]
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`--format: .${name}: ${show(value)} has no fields.`)
  const fields = Object.keys(value)
  if (!fields.every((field) => /^[A-Z]/.test(field))) return undefined
  const near = nearest(name, fields)
  if (near !== undefined) throw new UsageError(`--format: there is no field .${name}. Did you mean .${near}?`)
  return fields.length > 0 ? '' : undefined
}
