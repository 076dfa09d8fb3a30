import { SlipwayError } from '../../base/errors.js'
import { mapOf, publishedKey } from '../../policy/elements.js'
import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { ownerOf, portInUse } from '../refusals.js'
import type { DynamicPorts } from './dynamic-ports.js'
import { expand, type Binding, type DefaultHostIps } from './expand.js'
import type { Holders } from './holders.js'
import { isPublished, learnPorts } from './learn-ports.js'
import { bracket, type PortMapping, type PortRange, type PortRequest } from '../../base/port-mapping.js'
import { PortGuesses } from './port-guesses.js'
import type { PortHolder, PortTable } from './port-table.js'

/** Where a sandbox's ports can be published. */
export interface PublishScope {
  /** IP families that the sandbox has an address of. */
  families: readonly IpFamily[]
  /** Host addresses of mappings that name none. */
  hostIps: DefaultHostIps
}

/** What is known of host ports. */
export interface PortContext {
  host: Host
  ports: PortTable
  dynamicPorts: DynamicPorts
}

/**
 * Takes host ports for a sandbox in this process's table, choosing those that are not given: one number for all host
 * addresses of a request. The kernel's claim follows with the plan; until then another caller of this process meets the
 * table.
 *
 * @param guesses - What the call has learned of ports chosen before, when its plan was refused for one.
 * @returns The mappings in the order of the requests; at once when nothing has to be asked, as making a sandbox takes
 * less time than many promises do.
 * @throws {SlipwayError} `PORT_IN_USE`, naming the owner; `EXHAUSTED`; `INVALID_ARGUMENT`. Nothing is taken then.
 */
export function claimPorts(
  context: PortContext,
  requests: readonly PortRequest[],
  owner: string,
  scope: PublishScope,
  guesses = new PortGuesses(),
): PortMapping[] | Promise<PortMapping[]> {
  const claims = new Claims(context, requests, owner, scope, guesses)
  const question = claims.proceed()
  return question ? claims.finish(question) : claims.mappings
}

/**
 * Whether a plan was refused for a host port that had been chosen by us and not by the caller, or that we or others of
 * us may have held for nobody any more; if so, what there is to learn is learned, and the next {@link claimPorts}
 * chooses another, or gets it.
 *
 * @throws {SlipwayError} `EXHAUSTED` when that has happened too often.
 */
export async function retryAfterLostPort(
  context: PortContext & { holders: Holders },
  guesses: PortGuesses,
  { operation, element, errnoName }: PlanRefused,
): Promise<boolean> {
  if (operation.op === 'port.hold' && errnoName === 'EADDRINUSE') {
    const { protocol, address, port } = operation
    return (
      wasChosen(context, guesses, protocol, port) ||
      (guesses.doubt(protocol, address, port) && context.holders.reclaim({ protocol, hostIp: address, hostPort: port }))
    )
  }
  if (operation.op !== 'element.add' || errnoName !== 'EEXIST' || !isPublished(operation)) return false
  const [port, protocol = ''] = (operation.elements[element]?.key ?? '').split(' . ').reverse()
  // What others choose while we learn is chosen after the leap.
  const again = wasChosen(context, guesses, protocol, Number(port))
  await learnPorts(context)
  return again
}

function wasChosen(
  { dynamicPorts, holders }: { dynamicPorts: DynamicPorts; holders: Holders },
  guesses: PortGuesses,
  protocol: string,
  port: number,
): boolean {
  const range = guesses.refuse(protocol, port)
  // Another that chooses at this moment, too, goes from port to port as we do: we would meet again and again.
  if (range && holders.hasOthers()) dynamicPorts.leap(range)
  return range !== undefined
}

/** The claims of one call, as far as they have come. */
class Claims {
  readonly #context: PortContext
  readonly #requests: readonly PortRequest[]
  readonly #owner: string
  readonly #scope: PublishScope
  readonly #guesses: PortGuesses
  /** Which request is claimed first, second, …: those with less choice first, so that no guess takes what is named. */
  readonly #order: readonly number[] | undefined
  readonly #claimed: PortMapping[][] = []
  #done = 0
  #learned = false

  constructor(
    context: PortContext,
    requests: readonly PortRequest[],
    owner: string,
    scope: PublishScope,
    guesses: PortGuesses,
  ) {
    this.#context = context
    this.#requests = requests
    this.#owner = owner
    this.#scope = scope
    this.#guesses = guesses
    guesses.begin()
    if (!requests.every(({ hostPort }) => typeof hostPort === 'number')) this.#order = byChoice(requests)
  }

  get mappings(): PortMapping[] {
    const [first = []] = this.#claimed
    return this.#claimed.length > 1 ? this.#claimed.flat() : first
  }

  /** Claims until all is claimed, or until something has to be asked first. */
  proceed(): Promise<void> | undefined {
    try {
      for (; this.#done < this.#requests.length; this.#done++) {
        const index = this.#order?.[this.#done] ?? this.#done
        const request = this.#requests[index]
        const outcome = request && this.#claim(request)
        if (outcome instanceof Promise) return outcome
        this.#claimed[index] = outcome ?? []
      }
      return undefined
    } catch (error) {
      this.#release()
      throw error
    }
  }

  async finish(question: Promise<void> | undefined): Promise<PortMapping[]> {
    while (question) {
      try {
        await question
      } catch (error) {
        this.#release()
        throw error
      }
      question = this.proceed()
    }
    return this.mappings
  }

  #release(): void {
    for (const mapping of this.mappings) this.#context.ports.release(mapping)
    this.#claimed.length = 0
  }

  #claim(request: PortRequest): PortMapping[] | Promise<void> {
    const bindings = expand(request, this.#scope.families, this.#scope.hostIps)
    if (typeof request.hostPort === 'number') return this.#take(request, bindings, request.hostPort)
    const { ports, dynamicPorts } = this.#context
    const range = request.hostPort ?? dynamicPorts.ephemeral
    if (!range) return dynamicPorts.read()
    const { protocol } = request
    const isFree = (hostPort: number) =>
      !this.#guesses.isRefused(protocol, hostPort) &&
      bindings.every(({ hostIp }) => ports.isFree({ protocol, hostIp, hostPort }))
    const hostPort = dynamicPorts.choose(range, isFree)
    if (hostPort === undefined) return this.#lookAgain(request, bindings, range)
    this.#guesses.choose(protocol, hostPort, range)
    return this.#take(request, bindings, hostPort)
  }

  #take(
    { protocol, containerPort }: PortRequest,
    bindings: readonly Binding[],
    hostPort: number,
  ): PortMapping[] | Promise<void> {
    const { ports } = this.#context
    const taken: PortMapping[] = []
    for (const binding of bindings) {
      const { hostIp, allow } = binding
      const mapping: PortMapping = { protocol, containerPort, hostIp, hostPort }
      if (allow) mapping.allow = allow
      const holder = ports.take(mapping, this.#owner)
      if (holder) {
        for (const other of taken) ports.release(other)
        return this.#askFor(mapping, holder)
      }
      taken.push(mapping)
    }
    return taken
  }

  /** Another process may have removed its sandbox since: the kernel knows who holds a port now. */
  async #askFor(mapping: PortMapping, holder: PortHolder): Promise<void> {
    const { host, ports } = this.#context
    const held = { ...mapping, hostIp: holder.hostIp }
    const current = holder.settled ? await ownerOf(mapOf(held), publishedKey(held), host) : holder.owner
    if (current !== undefined) throw new SlipwayError('PORT_IN_USE', portInUse(portName(mapping), current))
    ports.releaseFrom(holder, held)
  }

  /** No port of a range is free: others may have given some back. */
  async #lookAgain(
    { protocol, containerPort, hostPort }: PortRequest,
    bindings: readonly Binding[],
    [first, last]: PortRange,
  ): Promise<void> {
    if (!this.#learned) {
      this.#learned = true
      return learnPorts(this.#context)
    }
    const [which, instead] = hostPort
      ? ['', 'Name a larger range']
      : [' (net.ipv4.ip_local_port_range)', 'Name a host port, or widen that range']
    const where = bindings.map(({ hostIp }) => bracket(hostIp)).join(' and ')
    throw new SlipwayError(
      'EXHAUSTED',
      `No host port is left for ${containerPort}/${protocol} on ${where}: all of ${first}-${last}${which} are published, reserved or in use on the host. ${instead}.`,
    )
  }
}

const portName = ({ protocol, hostIp, hostPort }: PortMapping): string =>
  protocol === 'all' ? `${bracket(hostIp)}:*` : `${hostPort}/${protocol}`

/** Indices of requests, those with the smallest choice of host ports first. */
function byChoice(requests: readonly PortRequest[]): number[] {
  const choice = ({ hostPort }: PortRequest) =>
    typeof hostPort === 'number' ? 1 : hostPort ? hostPort[1] - hostPort[0] + 1 : 65536
  const choices = requests.map(choice)
  return [...requests.keys()].sort((a, b) => (choices[a] ?? 0) - (choices[b] ?? 0))
}
