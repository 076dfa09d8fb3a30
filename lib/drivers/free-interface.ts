import type { StoredEndpoint } from '../store/endpoint.js'

/**
 * The first name that no endpoint of a sandbox has: `eth0`, `eth1`.
 *
 * @param others - Names that links of the sandbox's own have.
 */
export function freeInterface(
  prefix: string,
  endpoints: readonly StoredEndpoint[],
  others?: ReadonlySet<string>,
): string {
  for (let number = 0; ; number++) {
    const name = `${prefix}${number}`
    if (!others?.has(name) && !endpoints.some((endpoint) => endpoint.interface === name)) return name
  }
}
