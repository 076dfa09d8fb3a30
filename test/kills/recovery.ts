import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { difference } from '../helpers/snapshot.js'
import { eventually, type World } from '../helpers/world.js'
import { look, type Look } from './look.js'

/** What may be there after a kill, by a name. */
export type States = Record<string, Look>

/** What is there once nothing changes any more. */
export async function settledLook(world: World, slipway: Slipway): Promise<Look> {
  let last = await look(world, slipway)
  await eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const now = await look(world, slipway)
    const same = isDeepStrictEqual(now, last)
    last = now
    return same
  })
  return last
}

/** Asserts that what is there comes to be one of these states. @returns Which. */
export async function becomes(
  t: ExecutionContext,
  what: string,
  states: States,
  see: () => Promise<Look>,
): Promise<string> {
  let nearest = { state: '', lines: [] as string[] }
  await eventually(async () => {
    const now = await see()
    const all = Object.entries(states).map(([state, expected]) => ({ state, lines: compare(expected, now) }))
    nearest = all.reduce((one, other) => (other.lines.length < one.lines.length ? other : one))
    return nearest.lines.length === 0
  })
  t.deepEqual(nearest.lines, [], `${what}: ${nearest.state}`)
  return nearest.state
}

/** Asserts that every sandbox that had been finished is there. */
export function areThere(
  t: ExecutionContext,
  what: string,
  finished: readonly Pick<Sandbox, 'name' | 'id'>[],
  there: readonly Sandbox[],
): void {
  for (const { name, id } of finished) t.is(there.find((one) => one.name === name)?.id, id, `${what}: ${name}`)
}

/** Asserts that what an open() has ended, the next has nothing to say of. */
export async function isAtRest(t: ExecutionContext, what: string, world: World): Promise<void> {
  const again = await world.open()
  t.like(again.reconciled, { healed: [], collected: [] }, what)
  await again.close()
}

function compare(expected: Look, found: Look): string[] {
  const sections = new Set([...Object.keys(expected), ...Object.keys(found)])
  const all = (of: Look) => Object.fromEntries([...sections].map((section) => [section, of[section] ?? []]))
  return difference(all(expected), all(found))
}
