import { spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { ExecutionContext } from 'ava'
import { encode, type RecordType } from 'dns-packet'
import type { Sandbox } from 'slipway'
import { enter } from '#lib/kernel/native.js'
import { NameTable, type NamedEndpoint } from '#lib/names/directory.js'
import type { Directory } from '#lib/names/resolver/directory.js'
import type { InHost } from '#lib/names/resolver/ask.js'
import { bindListeners } from '#lib/names/resolver/listen.js'
import { Resolver, type ResolverOptions } from '#lib/names/resolver/resolver.js'
import { eventually, PATIENCE, runIn, type Place } from './world.js'

/** Resolvers and nameservers in throwaway namespaces, and clients that ask them. */

export const inPlace =
  (place: Place): InHost =>
  (work) =>
    enter(place.path, work)

/** A resolver on this thread, on addresses of its own. @throws PlaceTaken, where somebody listens there. */
export function listen({
  addresses,
  port,
  ...options
}: Omit<ResolverOptions, 'listeners'> & { addresses: readonly string[]; port: number }): Resolver {
  return new Resolver({ ...options, listeners: bindListeners(addresses, port, options.inHost) })
}

/** A resolver in a place; closed when the test ends. */
export function serveNames(
  t: ExecutionContext,
  place: Place,
  addresses: readonly string[],
  directory: Directory,
): Resolver {
  const resolver = listen({ directory, addresses, port: 53, inHost: inPlace(place) })
  t.teardown(() => resolver.close())
  return resolver
}

/** An endpoint with nothing but what is said. */
export const endpoint = (
  given: Partial<NamedEndpoint> & Pick<NamedEndpoint, 'sandbox' | 'addresses'>,
): NamedEndpoint => ({
  network: 'web',
  shortId: `id${given.sandbox}`,
  aliases: [],
  upstreams: [],
  ...given,
})

export function tableOf(...endpoints: NamedEndpoint[]): NameTable {
  const table = new NameTable()
  for (const one of endpoints) table.put(one)
  return table
}

/** What dig(1) says of a question asked from a place. */
export interface Dug {
  status: string | undefined
  flags: string[]
  /** Each record's data, sorted. */
  answers: string[]
  text: string
}

/** Asks with dig: `dig(place, '@172.17.0.1', 'db', 'AAAA', '+tcp')`. */
export async function dig(place: Place, ...args: string[]): Promise<Dug> {
  const { stdout } = await runIn(place, 'dig', '+tries=1', `+time=${10 * PATIENCE}`, ...args)
  const answers = /^;; ANSWER SECTION:\n((?:.+\n)+)/m.exec(stdout)?.[1] ?? ''
  return {
    status: /status: (\w+)/.exec(stdout)?.[1],
    flags: /^;; flags: ([\w ]*)/m.exec(stdout)?.[1]?.split(' ') ?? [],
    answers: answers
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/).slice(4).join(' '))
      .sort(),
    text: stdout,
  }
}

/** What is answered, asked of a server: the status and the records' data. */
export const ask = async (place: Place, server: string, ...args: string[]): Promise<(string | undefined)[]> => {
  const { status, answers } = await dig(place, `@${server}`, ...args)
  return [status, ...answers]
}

/** The address of a sandbox on a network. */
export const addressOf = ({ endpoints }: Sandbox, network: string, family: 4 | 6 = 4): string => {
  const addresses = endpoints
    .find((endpoint) => endpoint.network === network)
    ?.addresses.map((address) => address.split('/')[0] ?? '')
  return addresses?.find((address) => isIPv6(address) === (family === 6)) ?? ''
}

/** Runs a program of a sandbox with its files where programs look for them. */
export async function runWithFiles(sandbox: Sandbox, ...command: string[]): Promise<{ code: number; stdout: string }> {
  const { hosts, resolvConf } = await sandbox.files()
  const script = 'mount --bind "$0" /etc/hosts; mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
  return runIn(
    sandbox,
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-ec',
    script,
    hosts,
    resolvConf,
    ...command,
  )
}

/** A nameserver of Debian's in a place, for these names (lines of a hosts file); ended when the test ends. */
export async function serveDnsmasq(
  t: ExecutionContext,
  place: Place,
  address: string,
  hostsFile: string,
  ...options: string[]
): Promise<void> {
  const child = spawn(
    'nsenter',
    [
      `--net=${place.path}`,
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--pid-file=',
      '--user=root',
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--except-interface=lo',
      `--listen-address=${address}`,
      `--addn-hosts=${hostsFile}`,
      ...options,
    ],
    { stdio: 'ignore', env: { ...process.env, LD_PRELOAD: '' } },
  )
  t.teardown(async () => {
    if (child.exitCode !== null) return
    child.kill()
    await once(child, 'exit')
  })
  t.true(
    await eventually(
      async () => (await runIn(place, 'dig', '+tries=1', '+time=1', `@${address}`, 'ready.test')).code === 0,
      10_000,
    ),
    'dnsmasq answers',
  )
}

/** A UDP socket in a place, bound to an address and port. */
export function bindUdp(t: ExecutionContext, place: Place, address: string, port = 0): Socket {
  const family = isIPv6(address) ? 6 : 4
  const socket = createSocket({ type: `udp${family}`, lookup: (name, _options, answer) => answer(null, name, family) })
  enter(place.path, () => socket.bind(port, address))
  t.teardown(() => socket.close())
  return socket
}

export const question = (name: string, type: RecordType = 'A', id = 1): Buffer =>
  encode({ type: 'query', id, flags: 0x100, questions: [{ type, name }] })

/** Asks from a socket and returns the next message that it gets. */
export async function askFrom(socket: Socket, server: string, message: Buffer): Promise<Buffer> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(10_000 * PATIENCE) })
  socket.send(message, 53, server)
  return (await answer)[0] as Buffer
}

/** A nameserver in a place that does with each message what the test says. */
export function serveUdpNames(
  t: ExecutionContext,
  place: Place,
  address: string,
  answer: (message: Buffer) => readonly Buffer[],
): void {
  const socket = bindUdp(t, place, address, 53)
  socket.on('message', (message, from) => {
    for (const reply of answer(message)) socket.send(reply, from.port, from.address)
  })
}
