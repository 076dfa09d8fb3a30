import { Slices } from '../admission/slices.js'
import type { Host } from '../kernel/host.js'
import { isAtPath } from '../store/namespace.js'
import { FAMILIES } from '../store/network-spec.js'
import type { SandboxRecord } from '../store/records.js'

/** So many namespaces are asked for at once: the answers come one after the other, and nobody waits between them. */
const AT_ONCE = 32

/** A sandbox that has not inside what it was given. */
export interface Altered {
  name: string
  /** A sentence each. */
  sentences: string[]
}

/**
 * Looks whether sandboxes have inside what they were given: interfaces that are up, with their addresses. What one
 * lacks of that, its own processes have taken away, or whoever visits its namespace. It is told, and not given back:
 * what is inside is the sandbox's own.
 */
export async function lookInside(host: Host, records: readonly SandboxRecord[]): Promise<Altered[]> {
  const altered: Altered[] = []
  const slices = new Slices()
  const meant = records.filter((record) => record.stack === 'own' && record.endpoints.length > 0 && isAtPath(record))
  for (let from = 0; from < meant.length; from += AT_ONCE) {
    const some = meant.slice(from, from + AT_ONCE)
    const found = await Promise.all(
      some.map((record) => host.find('lacking', { netns: record.path, given: givenTo(record) })),
    )
    for (const [index, record] of some.entries()) {
      const lacking = found[index]
      if (lacking) altered.push({ name: record.name, sentences: describe(record.name, lacking) })
    }
    const pause = slices.next()
    if (pause) await pause
  }
  return altered
}

/** As the kernel is asked for it: a line for each interface. */
const givenTo = ({ endpoints }: SandboxRecord): string =>
  endpoints
    .map(({ interface: name, addresses }) =>
      [name, ...FAMILIES.flatMap((family) => addresses[family]?.address ?? [])].join(' '),
    )
    .join('\n')

const describe = (sandbox: string, lacking: string): string[] =>
  lacking
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name, ...what] = line.split(' ')
      if (what.length === 0) return `sandbox ${sandbox}: inside, there is no ${name}`
      if (what[0] === 'down') return `sandbox ${sandbox}: inside, ${name} is down`
      return `sandbox ${sandbox}: inside, ${what.join(' and ')} is not an address of its own any more (${name})`
    })
