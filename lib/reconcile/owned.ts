import { mapOf, publishedKey } from '../firewall/elements.js'
import { ownedBySandboxes, portMaps } from '../firewall/sets.js'
import type { Host } from '../host.js'
import type { ElementInfo } from '../native.js'
import type { SetDefinition } from '../plan/operation.js'
import type { PortMapping } from '../ports/mapping.js'
import { readOwner } from '../state/owner.js'
import type { SandboxRecord } from '../state/records.js'

/** An element of the ruleset's sets, and the sandbox that it belongs to. */
export interface Owned {
  set: SetDefinition
  element: ElementInfo
  /** First twelve digits of the sandbox's id. */
  shortId: string
}

/** All elements that belong to sandboxes. */
export async function ownedElements(host: Host): Promise<Owned[]> {
  const owned: Owned[] = []
  for (const set of ownedBySandboxes) {
    for (const element of (await host.find('elements', set)) ?? []) {
      const owner = readOwner(element.comment)
      if (owner) owned.push({ set, element, shortId: owner.shortId })
    }
  }
  return owned
}

export const shortId = (record: SandboxRecord): string => record.id.slice(0, 12)

/** Whether an element of a sandbox is there. */
export const has = (owned: readonly Owned[], record: SandboxRecord, set: SetDefinition, key: string): boolean =>
  owned.some((one) => one.set === set && one.element.key === key && one.shortId === shortId(record))

/** The published ports of a sandbox, as the kernel has them. */
export const publishedOf = (record: SandboxRecord, owned: readonly Owned[]): Owned[] => owned.filter((one) => portMaps.includes(one.set) && one.shortId === shortId(record))

export const isElementOf = ({ set, element }: Owned, mapping: PortMapping): boolean => mapOf(mapping) === set && publishedKey(mapping) === element.key
