import type { InspectOptionsStylized } from 'node:util'

/** The key by which console.log() and util.inspect() ask an object how it is shown. */
export const SHOWN: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * An object as console.log() shows it: its class and what it says of itself.
 *
 * @param name - What it is called, where there is no room for more.
 */
export function shown(
  kind: string,
  name: string,
  facts: object,
  depth: number,
  options: InspectOptionsStylized,
  inspect: (value: unknown, options: object) => string,
): string {
  if (depth < 0) return options.stylize(`[${`${kind} ${name}`.trim()}]`, 'special')
  const inner = options.depth === null ? null : (options.depth ?? 2) - 1
  return `${kind} ${inspect(facts, { ...options, depth: inner })}`
}
