import type { Host } from './host.js'
import type { LinkInfo } from './native.js'

/** A dump tells so many links in the time of one question about one. */
const AS_ONE = 4

/**
 * Links of the host, some of which are asked for again: one by one where they are few among all.
 *
 * @param links - As they were seen before.
 * @param names - Those that are asked for again, be they there or not.
 */
export async function seenAgain(
  host: Host,
  links: readonly LinkInfo[],
  names: ReadonlySet<string>,
): Promise<readonly LinkInfo[]> {
  if (names.size * AS_ONE > links.length) return host.ask('links', {})
  const now = links.filter(({ name }) => !names.has(name))
  for (const name of names) {
    const link = await host.find('link', { name })
    if (link) now.push(link)
  }
  return now
}
