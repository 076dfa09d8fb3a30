import { hostname as machineName } from 'node:os'
import { SilentServers } from '../../names/resolver/silent-servers.js'
import { isIP } from '../../base/addresses/is-address.js'
import { SlipwayError } from '../../base/errors.js'
import { sourceFor } from '../../kernel/native.js'
import type { Inside } from '../inside.js'
import { addressesIn } from './hosts-file.js'
import { bySource } from './order.js'
import { askForName } from './questions.js'
import { readStub } from './stub.js'

/** No address for a name, as `dns.lookup` has it. */
export class NameError extends Error {
  override readonly name = 'Error'
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN'
  readonly errno: number
  readonly syscall = 'getaddrinfo'
  readonly hostname: string

  constructor(code: 'ENOTFOUND' | 'EAI_AGAIN', hostname: string) {
    super(`getaddrinfo ${code} ${hostname}`)
    this.code = code
    // libuv's numbers.
    this.errno = code === 'ENOTFOUND' ? -3008 : -3001
    this.hostname = hostname
  }
}

/** The nameservers that were silent lately, as each sandbox has seen it. */
const silent = new WeakMap<Inside, SilentServers>()

function silentFor(inside: Inside): SilentServers {
  const known = silent.get(inside) ?? new SilentServers()
  silent.set(inside, known)
  return known
}

/**
 * The addresses of a host as a process in the sandbox would find them: an address is itself, then the sandbox's
 * `hosts`, then its nameservers, asked from inside. Those that can be reached come first, both families in turn.
 *
 * @throws {NameError} @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
 */
export async function lookup(inside: Inside, host: string, family: 0 | 4 | 6, ended: AbortSignal): Promise<string[]> {
  const isWanted = (address: string) => family === 0 || isIP(address) === family
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal) !== 0) {
    if (!isWanted(literal)) throw new NameError('ENOTFOUND', host)
    return [literal]
  }
  const { hosts, 'resolv.conf': resolvConf } = await inside.readNames()
  ended.throwIfAborted()
  const listed = addressesIn(hosts, host.replace(/\.$/, '')).filter(isWanted)
  if (listed.length > 0) return inOrder(inside, listed)
  const stub = readStub(resolvConf, inside.hostname ?? machineName())
  const types = (['AAAA', 'A'] as const).filter((type) =>
    type === 'A' ? family !== 6 : family === 6 || (family === 0 && stub.ipv6),
  )
  const found = await askForName(host, types, {
    stub,
    inside: (work) => inside.enter(work),
    silent: silentFor(inside),
    ended,
  })
  if (found.addresses.length === 0) throw new NameError(found.unknown ? 'EAI_AGAIN' : 'ENOTFOUND', host)
  return inOrder(inside, found.addresses)
}

const inOrder = (inside: Inside, addresses: readonly string[]): string[] =>
  addresses.length === 1
    ? [...addresses]
    : bySource(inside.enter(() => addresses.map((address) => ({ address, source: sourceFor(address) }))))

/** The first address of a host, for what has one place only. @throws {SlipwayError} as {@link explainName} says. */
export async function addressIn(inside: Inside, host: string, ended: AbortSignal): Promise<string> {
  try {
    const [address = ''] = await lookup(inside, host, 0, ended)
    return address
  } catch (error) {
    throw error instanceof NameError ? explainName(inside, error) : error
  }
}

/** For those who do not expect an error of Node.js. */
export function explainName(inside: Inside, error: NameError): SlipwayError {
  const { code, hostname, errno, syscall } = error
  const refusal = { errno: -errno, errnoName: code, syscall, operation: `look up ${hostname}` }
  return code === 'ENOTFOUND'
    ? new SlipwayError(
        'NOT_FOUND',
        `The sandbox ${inside.name} knows no host ${hostname}: neither its hosts file nor its nameservers have an address for that name (getent ahosts ${hostname}, run there by slipway exec, asks the same).`,
        refusal,
        { cause: error },
      )
    : new SlipwayError(
        'UNREACHABLE',
        `The nameservers of the sandbox ${inside.name} have not said what ${hostname} is: they are silent, cannot be reached from it, or have failed. The options dns of the sandbox and its networks say which they are.`,
        refusal,
        { cause: error },
      )
}
