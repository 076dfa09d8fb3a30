import type { Host } from '../kernel/host.js'
import type { ElementInfo, PartInfo } from '../kernel/native.js'
import type { Family, Operation, PartKind, SetDefinition } from '../plan/operation.js'
import { elementName } from '../policy/elements.js'
import { addedTo, keptElements, leftOut, replacementPlan, wantedSets, type OlderTable } from '../policy/replacement.js'
import { TABLE } from '../policy/sets.js'
import { Contents, SetContents } from './set-contents.js'

/** What is to be read of a table beside its sets and rules. */
const PARTS: readonly PartKind[] = ['chain', 'rule', 'set', 'object', 'flowtable']

/** The tables that older versions have written, as they are at this moment. */
export class OlderTables extends Contents {
  readonly #tables: readonly OlderTable[]
  readonly #others: Contents
  readonly #kept = new Map<string, ElementInfo>()

  private constructor(host: Host, written: ReadonlySet<Family>, tables: readonly OlderTable[]) {
    super()
    this.#tables = tables
    const families = new Set(tables.map(({ family }) => family))
    this.#others = new SetContents(host, new Set([...written].filter((family) => !families.has(family))))
    for (const operation of tables.flatMap(keptElements))
      for (const { key, data = '', comment = '', packets = 0, bytes = 0 } of operation.elements)
        this.#kept.set(elementName(operation, key), { key, data, comment, packets, bytes })
  }

  /** @param written - Families whose table is there, older or not. */
  static async read(host: Host, written: ReadonlySet<Family>, older: Iterable<Family>): Promise<OlderTables> {
    const tables: OlderTable[] = []
    for (const family of older) tables.push(await readTable(host, family))
    return new OlderTables(host, written, tables)
  }

  /** What makes them those of the present ruleset. */
  plan(): Operation[] {
    return this.#tables.flatMap(replacementPlan)
  }

  /** What goes with them, in words. */
  leftOut(): string[] {
    return this.#tables.flatMap(leftOut)
  }

  /** What older versions have written is kept as it is. */
  protected override isAstray(): boolean {
    return false
  }

  /** What a set holds once the plan is done. */
  async get(set: SetDefinition, key: string): Promise<ElementInfo | undefined> {
    return this.#kept.get(elementName(set, key)) ?? this.#others.get(set, key)
  }
}

async function readTable(host: Host, family: Family): Promise<OlderTable> {
  const wanted = wantedSets(family)
  const there = await host.ask('sets', { family, name: TABLE })
  const sets: OlderTable['sets'][number][] = []
  const parts: PartInfo[] = []
  for (const set of there) {
    if (wanted.has(set.set)) {
      // A type that we have no name for is none of ours: nothing of it can be kept.
      const elements = set.type === '' ? [] : await host.ask('elements', { family, table: TABLE, ...set })
      sets.push({ set, elements })
    } else {
      parts.push(...(await host.ask('parts', { family, name: TABLE, kind: 'element', set: set.set })))
    }
  }
  for (const kind of PARTS) parts.push(...(await host.ask('parts', { family, name: TABLE, kind })))
  return { family, sets, parts, rules: await host.ask('rules', { family, name: TABLE }) }
}

/** What others have added to the tables of these families, in words. */
export async function addedByOthers(host: Host, families: Iterable<Family>): Promise<string[]> {
  const added: string[] = []
  for (const family of families) added.push(...addedTo(await readTable(host, family)))
  return added
}
