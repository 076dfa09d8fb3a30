import { SlipwayError } from '../base/errors.js'
import type { EndpointRequest, StoredEndpoint } from '../store/endpoint.js'

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

/**
 * The name that was asked for, or the first free one.
 *
 * @param others - Names that links of the sandbox's own have.
 * @throws {SlipwayError} `CONFLICT`, where what was asked for is not free.
 */
export function interfaceFor(
  asked: EndpointRequest,
  prefix: string,
  endpoints: readonly StoredEndpoint[],
  others?: ReadonlySet<string>,
): string {
  const { interface: name } = asked
  if (name === undefined) return freeInterface(prefix, endpoints, others)
  const other = endpoints.find((endpoint) => endpoint.interface === name)
  if (!other && !others?.has(name)) return name
  throw new SlipwayError(
    'CONFLICT',
    `The interface ${name} is there already: ${other ? `it is that of the network ${other.network}` : "a link of the sandbox's own"}. Choose another name.`,
  )
}
