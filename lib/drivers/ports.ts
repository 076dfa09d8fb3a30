import {
  closeElements,
  holdPorts,
  openElements,
  publishElements,
  releasePorts,
  unpublishElements,
  type Targets,
} from '../policy/elements.js'
import { familyOf } from '../base/addresses/ip.js'
import type { ElementAdd, Operation } from '../plan/operation.js'
import type { PortMapping } from '../base/port-mapping.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { gatewayAddress, targetsOf } from './gateway.js'
import { familiesOf, nearerElements } from './nearer.js'

/**
 * The published ports of one sandbox, as operations. In routed networks the world speaks to sandboxes by their own
 * addresses: nothing of the host's is taken there.
 */
export class PortPlan {
  /** Those that take a port or an address of the host. */
  readonly mapped: readonly PortMapping[]
  readonly #targets: Targets
  readonly #direct: readonly PortMapping[]
  readonly #directBeside: () => readonly PortMapping[]
  readonly #nearer: () => ElementAdd[]
  readonly #owner: string

  /**
   * @param ports - Those that come or go; all of them lead somewhere.
   * @param beside - Those of the sandbox that stay: looked at only where some are spoken to directly, or the sandbox is
   * on several networks, as they may be thousands.
   */
  constructor(
    endpoints: readonly StoredEndpoint[],
    ports: readonly PortMapping[],
    owner: string,
    beside: () => readonly PortMapping[] = () => [],
  ) {
    const found = { 4: gatewayAddress(endpoints, 4), 6: gatewayAddress(endpoints, 6) }
    const isRouted = ({ hostIp }: PortMapping) => found[familyOf(hostIp)]?.mode === 'routed'
    // At its own address nobody asks who may connect.
    const isDirect = ({ hostIp, allow }: PortMapping) => found[familyOf(hostIp)]?.direct === true && allow === undefined
    this.#targets = targetsOf(endpoints)
    this.mapped = ports.some(isRouted) ? ports.filter((port) => !isRouted(port)) : ports
    this.#direct = ports.filter(isDirect)
    this.#directBeside = () => (this.#direct.length > 0 ? beside().filter(isDirect) : [])
    this.#nearer = () =>
      endpoints.length < 2
        ? []
        : nearerElements(
            endpoints,
            familiesOf(
              this.mapped,
              beside().filter((port) => !isRouted(port)),
            ),
            owner,
          )
    this.#owner = owner
  }

  /**
   * No process of the host may listen where we publish. @param from - The spare namespace that the sandbox begins with.
   */
  hold(from?: string): Operation[] {
    return holdPorts(this.mapped, from)
  }

  release(): Operation[] {
    return releasePorts(this.mapped)
  }

  publish(): Operation[] {
    return [
      ...publishElements(this.mapped, this.#targets, this.#owner),
      ...openElements(this.#direct, this.#directBeside(), this.#targets, this.#owner),
      ...this.#nearer(),
    ]
  }

  unpublish(): Operation[] {
    return [
      ...unpublishElements(this.mapped, this.#targets, this.#owner),
      ...closeElements(this.#direct, this.#directBeside(), this.#targets, this.#owner),
      ...this.#nearer().map((operation) => ({ ...operation, op: 'element.delete' }) as const),
    ]
  }
}
