import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import { Slipway, type CreateOptions, type OpenOptions, type Sandbox } from '#lib/index.js'

/**
 * A small internet of throwaway namespaces: a "host" that Slipway works on, and a neighbour host on its uplink.
 *
 *     neighbour 192.0.2.9 ── 192.0.2.1, 192.0.2.2 host ── docker0 172.17.0.1 ── sandboxes
 *
 * Everything carries a prefix of its own, since other tests run beside this one, and goes when the test ends.
 */

/** A namespace, a sandbox among them. */
export interface Place {
  readonly name: string
  readonly path: string
}

export const HOST_ADDRESS = '192.0.2.1'
export const OTHER_HOST_ADDRESS = '192.0.2.2'
export const NEIGHBOUR_ADDRESS = '192.0.2.9'

const NETNS_FOLDER = '/run/netns'
/** How many times slower everything is: with a sanitizer (scripts/sanitize.mjs), or in a guest (scripts/guest.mjs). */
export const PATIENCE = Number(process.env['SLIPWAY_PATIENCE'] ?? 1)
/** No tool that a test runs takes longer, unless it hangs. */
const TOOL_MS = 20_000 * PATIENCE

/** npx puts node_modules/.bin first, where another program named `nft` lies. */
const PATH = (process.env['PATH'] ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':')
// LD_PRELOAD: a sanitizer is for us, not for the tools.
const tool = {
  encoding: 'utf8',
  timeout: TOOL_MS,
  maxBuffer: 64 << 20,
  env: { ...process.env, PATH, LD_PRELOAD: '' },
} as const

let worlds = 0

export interface WorldOptions {
  /** Whether bridged frames cross the inet hooks (br_netfilter). Default: as the kernel has it, which is yes. */
  bridgeCallsIptables?: boolean
}

export class World {
  readonly prefix = `t${process.pid.toString(36)}${(worlds++).toString(36)}`
  readonly stateDir = mkdtempSync(join(tmpdir(), 'slipway-test-'))
  readonly host = this.#place('host')
  readonly neighbour = this.#place('neighbour')
  readonly #t: ExecutionContext

  constructor(t: ExecutionContext, options: WorldOptions = {}) {
    this.#t = t
    t.teardown(() => this.#remove())
    const { host, neighbour } = this
    ipBatch(
      undefined,
      ...[host, neighbour].map(({ name }) => `netns add ${name}`),
      `link add uplink netns ${host.name} type veth peer name eth0 netns ${neighbour.name}`,
    )
    for (const [place, link, ...addresses] of [
      [host, 'uplink', `${HOST_ADDRESS}/24`, `${OTHER_HOST_ADDRESS}/32`],
      [neighbour, 'eth0', `${NEIGHBOUR_ADDRESS}/24`],
    ] as const)
      ipBatch(
        place,
        ...addresses.map((address) => `address add ${address} dev ${link}`),
        ...['lo', link].flatMap((one) => [`link set dev ${one} addrgenmode none`, `link set dev ${one} up`]),
      )
    if (options.bridgeCallsIptables !== undefined) {
      setSysctl(host, 'net.bridge.bridge-nf-call-iptables', options.bridgeCallsIptables ? '1' : '0')
    }
  }

  /**
   * Opens the host; closed when the test ends. What a test damages stays so until a call finds it, unless the test asks
   * for healing beside the calls.
   */
  async open(options: OpenOptions = {}): Promise<Slipway> {
    const slipway = await Slipway.open({ netns: this.host.path, stateDir: this.stateDir, heal: false, ...options })
    this.#t.teardown(() => slipway.close())
    return slipway
  }

  /** A sandbox's name that no other test has. */
  name(name: string): string {
    return `${this.prefix}-${name}`
  }

  create(slipway: Slipway, name: string, options: CreateOptions = {}): Promise<Sandbox> {
    return slipway.sandboxes.create({ name: this.name(name), ...options })
  }

  /** Names in /run/netns that are this world's. */
  namespaces(): string[] {
    return readdirSync(NETNS_FOLDER)
      .filter((name) => name.startsWith(`${this.prefix}-`))
      .sort()
  }

  #place(kind: string): Place {
    const name = this.name(kind)
    return { name, path: join(NETNS_FOLDER, name) }
  }

  #remove(): void {
    ipBatch(undefined, ...this.namespaces().map((name) => `netns delete ${name}`))
    rmSync(this.stateDir, { recursive: true, force: true })
  }
}

/** Runs ip(8), with `-n NAMESPACE` first where it is to work in one. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { ...tool, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs several commands of ip(8) in one process of it, as each process takes ten milliseconds. */
export function ipBatch(place: Place | undefined, ...commands: string[]): void {
  execFileSync('ip', [...(place ? ['-n', place.name] : []), '-batch', '-'], {
    ...tool,
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** What `ip -j` says in a place: `ipJson(host, 'link')`. */
export function ipJson<T = Record<string, unknown>>(place: Place, ...args: string[]): T[] {
  return JSON.parse(execIn(place, 'ip', '-j', ...args) || '[]') as T[]
}

/** What `ip -j -d` says in a place to several commands, in one process. */
export function ipJsonOf(place: Place, ...commands: string[]): Record<string, unknown>[][] {
  const said = runTool(place, 'ip', ['-j', '-d', '-batch', '-'], `${commands.join('\n')}\n`)
  const lists = said.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>[]]))
  if (lists.length !== commands.length) throw new Error(`ip says to ${commands.join(', ')}: ${said}`)
  return lists
}

/** Runs a program in a place and waits. For programs that talk to nobody of this process. */
export function execIn(place: Place, command: string, ...args: string[]): string {
  return runTool(place, command, args)
}

/** By this thread's visit there, as nsenter(1) would be one more program to start, thousands of times. */
const runTool = (place: Place, command: string, args: readonly string[], input = ''): string =>
  enter(place.path, () => execFileSync(command, args, { ...tool, input, stdio: ['pipe', 'pipe', 'pipe'] }))

const execFileLater = promisify(execFile)

/** Runs a program in a place, while the servers of this process answer. */
export async function runIn(
  place: Place,
  command: string,
  ...args: string[]
): Promise<{ code: number; stdout: string }> {
  try {
    const { stdout } = await enter(place.path, () => execFileLater(command, args, tool))
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: string }
    if (typeof code !== 'number') throw error
    return { code, stdout: stdout ?? '' }
  }
}

/** Starts a program in a place, which ends with the test; what it says so far is what the function returns. */
export function listenTo(t: ExecutionContext, place: Place, command: string, ...args: string[]): () => string {
  const child = enter(place.path, () => spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: tool.env }))
  t.teardown(() => child.kill())
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  return () => said
}

export function setSysctl(place: Place, key: string, value: string): void {
  enter(place.path, () => writeFileSync(sysctlFile(key), value))
}

/** `undefined` where the kernel has none of that name, as without the link. */
export const getSysctl = (place: Place, key: string): string | undefined =>
  enter(place.path, () => {
    const file = sysctlFile(key)
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  })

const sysctlFile = (key: string): string => join('/proc/sys', ...key.split('.'))

/**
 * Tries until it is done, or the time is up: what the kernel does behind our back takes a moment, or seconds where
 * others keep it busy.
 */
export async function eventually(done: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<boolean> {
  const deadline = Date.now() + milliseconds * PATIENCE
  // A look may take seconds in a guest, and the library gets nothing done meanwhile: so looks count, too.
  for (let looks = 1; ; looks++) {
    if (await done()) return true
    if (Date.now() > deadline && looks >= 10) return false
    await new Promise((resolve) => setTimeout(resolve, 10 * PATIENCE))
  }
}

/** What a look finds is wrong when the time is up; nothing as soon as it finds nothing. */
export async function lasting(look: () => string[]): Promise<string[]> {
  let found: string[] = []
  await eventually(() => (found = look()).length === 0)
  return found
}
