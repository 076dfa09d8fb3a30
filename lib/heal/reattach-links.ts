import { networkDrivers } from '../drivers/index.js'
import type { LinkInfo } from '../kernel/native.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import type { StoredRecord } from '../store/records.js'
import type { HealContext } from './context.js'

/** Each driver puts its endpoints' links back. @returns Names of the sandboxes that were given some back. */
export async function reattachLinks(
  { host, networks }: Pick<HealContext, 'host' | 'networks'>,
  records: readonly StoredRecord[],
  found: readonly LinkInfo[],
  links: readonly LinkInfo[],
): Promise<ReadonlySet<string>> {
  const attached = new Set<string>()
  for (const driver of networkDrivers) {
    const isOwn = (endpoint: StoredEndpoint): endpoint is StoredEndpoint => endpoint.driver === driver.name
    const its = records.filter(({ record }) => record.endpoints.some(isOwn))
    if (its.length === 0) continue
    const names = await driver.endpoints.attach?.({
      host,
      ready: (name) => networks.ready(name),
      records: its,
      isOwn,
      found,
      links,
    })
    for (const name of names ?? []) attached.add(name)
  }
  return attached
}
