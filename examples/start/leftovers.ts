import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Table from 'cli-table3'
import { Host, sets, type Plan } from '#internal'
import { indent } from './fetches.js'
import { number, paint, say } from './style.js'

/** How much there is of everything that could be left behind. */
export type Counts = Record<string, number>

/** Counted from outside: what the kernel says, and what lies in /run. */
export async function count(): Promise<Counts> {
  const host = new Host(undefined)
  let elements = 0
  for (const set of [sets.bridges, ...sets.ownedBySandboxes])
    elements += (await host.find('elements', set))?.length ?? 0
  const tables = (await host.find('table', { family: 'inet', name: sets.TABLE })) === undefined ? 0 : 2
  await host.close()
  return {
    'interfaces of the host': readdirSync('/sys/class/net').length,
    'namespaces in /run/netns': readdirSync('/run/netns').length,
    'nf_tables tables': tables,
    'nf_tables elements': elements,
    'files in /run/slipway': files().length,
  }
}

const files = () =>
  readdirSync('/run/slipway', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())

/**
 * What a host keeps when its last sandbox has gone, as with docker: taken away too. Many sandboxes have had further
 * bridges.
 */
export async function removeBridgesAndRuleset(): Promise<void> {
  const host = new Host(undefined)
  const bridges = await host.ask('elements', sets.bridges)
  await host.close()
  // Room for removals on a full file system.
  for (const { name, parentPath } of files()) if (name === '.reserve') rmSync(join(parentPath, name))
  await removeRuleset(bridges.map(({ key }) => ({ op: 'link.delete', name: key })))
}

/** The same where nothing has been on the default bridge. */
export async function removeRuleset(before: Plan = []): Promise<void> {
  const host = new Host(undefined)
  await host.run([
    ...before,
    { op: 'table.delete', family: 'inet', table: sets.TABLE },
    { op: 'table.delete', family: 'bridge', table: sets.TABLE },
  ])
  await host.close()
}

export function compare(before: Counts, most: Counts, after: Counts): void {
  const table = new Table({
    head: ['', 'before', 'with the crowd', 'now'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const what of Object.keys(before))
    table.push([what, ...[before, most, after].map((counts) => number(counts[what] ?? NaN))])
  say(indent(table.toString()))
  const left = Object.keys(before).filter((what) => before[what] !== after[what])
  if (left.length > 0) throw new Error(`Something is left: ${left.join(', ')}.`)
  say(`  ${paint('green', 'Nothing is left.')}`)
}
