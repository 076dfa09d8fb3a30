import type { InspectOptionsStylized } from 'node:util'
import type { ChildProcess } from 'node:child_process'
import type { Socket as UdpSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { dirname } from 'node:path'
import { activePorts } from '../../drivers/gateway.js'
import { callChecks, waiting, type Call, type CallOptions } from '../../base/call.js'
import { invalid, show, SlipwayError } from '../../base/errors.js'
import type { Labels } from '../../base/labels.js'
import type { NameOptions } from '../../base/name-options.js'
import { createAgent, type SandboxAgent, type SandboxAgentOptions } from '../../inside/agent/agent.js'
import { connectTcp, type ConnectTcpOptions } from '../../inside/connect.js'
import type { Inside } from '../../inside/inside.js'
import { listen, type ListenOptions } from '../../inside/listen.js'
import { checkExec, execInside, type ExecOptions, type ExecResult } from '../../inside/processes/exec.js'
import { spawnInside, type OwnFiles, type SpawnInsideOptions } from '../../inside/processes/spawn.js'
import { bindUdp, type BindUdpOptions } from '../../inside/udp.js'
import { waitForPort, type WaitForPortOptions } from '../../inside/wait-for-port.js'
import { enter, type Listener, type NativeFailure } from '../../kernel/native.js'
import { describeFailure } from '../../kernel/refusal.js'
import { opensNamespace } from '../../store/namespace.js'
import { checkOptions, checks, isOptions } from '../../base/checks.js'
import { namedPredefined } from '../../drivers/predefined.js'
import type { Namespace } from '../../plan/operation.js'
import { printMapping, type PortMapping, type PortRequest } from '../../base/port-mapping.js'
import { SHOWN, shown } from '../../base/shown.js'
import { namespaceGone, removed } from '../../claims/refusals.js'
import { hostnameOf, isCurrent, ownHostname, type SandboxRecord, type StoredRecord } from '../../store/records.js'
import { Changes } from '../../work/changes.js'
import { connectSandbox, disconnectSandbox } from '../../work/connections.js'
import { hostPath, withCall, type Context } from '../../work/context.js'
import type { OwnNames } from './own-names.js'
import { describeEndpoint, type Endpoint } from './endpoint.js'
import { endpointChecks, readEndpoint, type EndpointOptions } from './endpoint-options.js'
import { keepSandbox } from '../../work/ephemerals.js'
import { filePaths, readNames, renewFiles, writeFiles, writtenFiles, type SandboxFiles } from '../../work/files.js'
import { networkSettings, type NetworkSettings } from './inspect.js'
import { nameCheck } from '../../base/name.js'
import { explainTrouble } from '../../base/trouble.js'
import { publishOn, unpublishFrom } from '../../work/port-changes.js'
import { readRequests } from '../../work/publish.js'
import { isInterfaceOf, sandboxKey } from '../../work/removals.js'
import { removeSandbox } from '../../work/remove-sandbox.js'
import { damageOf } from '../../work/sandbox-damage.js'
import { sharingOf, type Sharing } from '../../work/sharing.js'
import { readStats, type SandboxStats } from './stats.js'

/** What a {@link Sandbox} says of itself to JSON.stringify(). */
export type SandboxFacts = Pick<
  Sandbox,
  | 'id'
  | 'name'
  | 'network'
  | 'path'
  | 'created'
  | 'hostname'
  | 'labels'
  | 'ephemeral'
  | 'forwarding'
  | 'endpoints'
  | 'ports'
>

/**
 * A network stack with a name: a namespace, joined to networks by endpoints. It lives in the kernel and outlives this
 * object and this process; another process finds it by name.
 */
export class Sandbox {
  readonly #context: Context
  readonly #changes: Changes
  #warnings: readonly string[]
  #removing: Promise<void> | undefined
  #insideMade: Inside | undefined

  /** @internal Sandboxes come from `slipway.sandboxes`. */
  constructor(context: Context, stored: StoredRecord, made?: Namespace, warnings: readonly string[] = []) {
    this.#context = context
    this.#warnings = warnings
    this.#changes = new Changes(context, stored, made)
  }

  get #record(): SandboxRecord {
    return this.#changes.stored.record
  }

  /** 64 hex digits. */
  get id(): string {
    return this.#record.id
  }

  /** What it was created with, or the first twelve digits of its id. */
  get name(): string {
    return this.#record.name
  }

  /** What it was created with: `bridge`, `host`, `none`, `container:` and an id, or a network's name. */
  get network(): string {
    return this.#record.network
  }

  /** Path of its namespace, for an OCI runtime's config.json, `ip netns exec`, `nsenter --net=`. */
  get path(): string {
    const { stack, path } = this.#record
    return stack === 'host' ? hostPath(this.#context.settings) : path
  }

  /** When it was created, ISO 8601. */
  get created(): string {
    return this.#record.created
  }

  /** Texts by name that it was created with. */
  get labels(): Labels {
    return this.#record.labels ?? {}
  }

  /**
   * What keeps this sandbox from others, or others from it, a sentence each: as the last create, connect or publish
   * through this object has found it. Forwarding that is off on the host is named so, as no call is refused for it; so
   * are sandboxes that could not be given the routes through this one, where it is a router. The diagnostics channel
   * `slipway:warning` tells of it, too, also later.
   */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Whether it passes on between its networks, as it was created with `forwarding`. */
  get forwarding(): boolean {
    return this.#record.forwarding ?? false
  }

  /** Whether it goes when the process that made it has ended; {@link keep} makes it stay. */
  get ephemeral(): boolean {
    return this.#record.ephemeral !== undefined
  }

  /**
   * In the order in which they were connected, as of the last call through this object; {@link refresh} learns what
   * other processes did.
   */
  get endpoints(): readonly Endpoint[] {
    return this.#record.endpoints.map(describeEndpoint)
  }

  /** Published ports, as of the last call through this object. */
  get ports(): readonly PortMapping[] {
    return activePorts(this.#record.endpoints, this.#record.ports)
  }

  /**
   * With network `container:…`: whose network it has, and whether that sandbox is there at this moment. Once it has
   * gone, this one has nothing but loopback, until it is removed itself.
   */
  get sharing(): Sharing | undefined {
    return sharingOf(this.#changes.stored)
  }

  /**
   * What it is called in its files: as was asked for, or the first twelve digits of its id. Its processes are called
   * so, except those of a sandbox that has joined another (`container:`), which are called as the other's, and those of
   * one with `network: 'host'` that was given no hostname, which are called as the machine.
   */
  get hostname(): string {
    return hostnameOf(this.#record)
  }

  /**
   * @internal What its processes are called, and their domain: those of one that has joined another, as the other's.
   * `hostname` is `undefined` where they are called as the machine.
   */
  get called(): { hostname: string | undefined; domainname: string | undefined } {
    const { names, joined } = this.#record
    return { hostname: ownHostname(this.#record), domainname: (joined ?? { names }).names?.domainname }
  }

  /** What was asked of its names when it was created. */
  get names(): Readonly<NameOptions> {
    return this.#record.names ?? {}
  }

  /**
   * Paths of the files that {@link files} has written, by whichever process; `undefined` when nobody has asked for them
   * yet.
   */
  get writtenFiles(): SandboxFiles | undefined {
    return writtenFiles(this.#context, this.#record)
  }

  /**
   * The JSON of `docker inspect`'s NetworkSettings; with network `container:…`, `SharedNetwork` tells what {@link
   * sharing} does.
   *
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
   */
  inspect(): NetworkSettings {
    this.#requireThere()
    return networkSettings({ ...this.#record, path: this.path }, this.#context.host.identity, this.sharing)
  }

  /** Reads again what this sandbox is. @throws {SlipwayError} `NOT_FOUND` when it was removed. */
  refresh(options: CallOptions = {}): Promise<this> {
    return this.#look('refresh', options, async () => {
      await this.#changes.refresh()
      return this
    })
  }

  /**
   * Joins it to one more network while it runs. Where that becomes its way to the world, by `gwPriority` or name,
   * default route and published ports move there, and connections that came in by these ports are over.
   *
   * @example await app.connect('web', { aliases: ['api'], ip: '172.20.0.9' })
   * @throws {SlipwayError} `NOT_FOUND` (no such network), `CONFLICT` (it is on it already), `ADDRESS_IN_USE`,
   * `EXHAUSTED`, `INVALID_ARGUMENT`
   */
  connect(network: string, options: EndpointOptions & CallOptions = {}): Promise<Endpoint> {
    return this.#change('connect', options, async (context) => {
      const target = this.#networkNamed('connect', network)
      checkOptions('connect', options, { ...endpointChecks, ...callChecks })
      const asked = readEndpoint(options, target)
      const { endpoint, warnings } = await connectSandbox(context, this.#changes, target, asked)
      await this.#lookForWarnings()
      if (warnings.length > 0) this.#warnings = [...this.#warnings, ...warnings]
      return describeEndpoint(endpoint)
    })
  }

  /**
   * Takes it off a network while it runs. Published ports move to the network that leads to the world then; those of a
   * family that is lost rest until it is back.
   *
   * @param options - `force`: that it is not on the network is no error.
   * @throws {SlipwayError} `NOT_FOUND` when it is not on the network, or was removed.
   */
  disconnect(network: string, options: { force?: boolean } & CallOptions = {}): Promise<void> {
    return this.#change('disconnect', options, async (context) => {
      const target = this.#networkNamed('disconnect', network)
      checkOptions('disconnect', options, { force: checks.flag, ...callChecks })
      try {
        await disconnectSandbox(context, this.#changes, target)
      } catch (error) {
        const isOff =
          error instanceof SlipwayError && error.code === 'NOT_FOUND' && isCurrent(this.#changes.stored.path, this.id)
        if (!(options.force && isOff)) throw error
      }
      await renewFiles(this.#context, this.#record)
    })
  }

  /**
   * Publishes more ports while it runs: all of them, or none.
   *
   * @example
   * await app.publish('9000-9010:90-100/udp')
   * @param publish - The ports; last, if need be, {@link CallOptions}.
   * @returns The mappings, with the host ports that were chosen.
   * @throws {SlipwayError} `PORT_IN_USE`, `INVALID_ARGUMENT`, `NOT_FOUND`
   */
  publish(...publish: (string | PortRequest | CallOptions)[]): Promise<readonly PortMapping[]> {
    const { ports, options } = withoutOptions(publish)
    return this.#change('publish', options, async (context) => {
      checkOptions('publish', options, callChecks)
      const requests = readRequests(ports)
      const turn = context.turns.next()
      if (turn) await waiting(context.call, turn, 'its turn')
      const mappings = await publishOn(context, this.#changes, requests)
      await this.#lookForWarnings()
      return mappings
    })
  }

  #lookForWarnings(): void | Promise<void> {
    const warnings = this.#context.forwarding.warnings(this.#record.endpoints)
    if (!(warnings instanceof Promise)) this.#warnings = warnings
    else return warnings.then((found) => void (this.#warnings = found))
  }

  /**
   * Takes published ports back, named as they were published (`'8080:80'`), or by container port alone (`'80'`).
   *
   * @throws {SlipwayError} `NOT_FOUND` when there is no such mapping.
   */
  unpublish(...publish: (string | PortRequest | CallOptions)[]): Promise<void> {
    const { ports, options } = withoutOptions(publish)
    return this.#change('unpublish', options, async (context) => {
      checkOptions('unpublish', options, callChecks)
      const requests = readRequests(ports)
      const turn = context.turns.next()
      if (turn) await waiting(context.call, turn, 'its turn')
      await unpublishFrom(context, this.#changes, requests)
    })
  }

  /**
   * An ephemeral sandbox stays from now on, as any other: until somebody removes it. So a process hands on what it has
   * made.
   *
   * @throws {SlipwayError} `NOT_FOUND` when it was removed.
   */
  keep(options: CallOptions = {}): Promise<void> {
    return this.#change('keep', options, ({ call }) => {
      checkOptions('keep', options, callChecks)
      return keepSandbox(this.#changes, call)
    })
  }

  /**
   * What went through its interfaces, and how many connections its published ports have had.
   *
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
   */
  stats(options: CallOptions = {}): Promise<SandboxStats> {
    return this.#look('stats', options, async () => {
      this.#requireThere()
      return readStats(this.#context, this.#record, this.#changes.namespace)
    })
  }

  /**
   * @internal What the kernel has not of it, a sentence each.
   *
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed, or its namespace.
   */
  damage(): Promise<string[]> {
    return this.#look('damage', {}, async () => {
      this.#requireThere()
      const { namespace } = this.#changes
      if (namespace && !opensNamespace(this.path, namespace))
        throw new SlipwayError('NOT_FOUND', namespaceGone(this.path))
      return damageOf(this.#context, this.#changes.stored)
    })
  }

  /**
   * The files `hostname`, `hosts` and `resolv.conf` that a container runtime mounts over those of the container's root:
   * written when first asked for, and from then on kept up to date, in place, when the sandbox joins and leaves
   * networks, whichever process lets it. They go with the sandbox.
   *
   * @example const { hosts } = await app.files()      // { destination: '/etc/hosts', type: 'bind', source: hosts, … }
   * @returns Their paths. Of a sandbox that has joined another (`container:`), the other's.
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox, or the one that it has joined, was removed.
   */
  files(options: CallOptions = {}): Promise<SandboxFiles> {
    return this.#change('files', options, () => {
      checkOptions('files', options, callChecks)
      return writeFiles(this.#context, this.#record)
    })
  }

  /**
   * Starts a process in this sandbox's network. Everything else (file system, user, environment) is as
   * `child_process.spawn` has it; with `files: true` it also has the sandbox's hostname and finds the sandbox's
   * `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`, so that names are what they are in the sandbox.
   *
   * @example
   * app.spawn('curl', ['http://db/'], { files: true, stdio: 'inherit' })
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed; with `files`, `UNSUPPORTED` where this machine
   * lacks `unshare`, `mount` or `sh`; `INVALID_ARGUMENT`, also for what Node.js refuses of its arguments. What the
   * kernel refuses the child tells, by `error`, as that of `child_process.spawn` does.
   */
  spawn(command: string, args: readonly string[] = [], options: SpawnInsideOptions = {}): ChildProcess {
    if (!isOptions(options)) throw invalid(`spawn takes an object of options, and got ${show(options)}.`)
    const { files = false, ...rest } = options
    return spawnInside(this.#inside, command, args, rest, files ? this.#ownFiles() : undefined)
  }

  /**
   * Runs a program in this sandbox until it ends, with the sandbox's hostname, hosts and resolv.conf (`files: false`:
   * without). A status other than 0 is a result and no error.
   *
   * @example
   * const { exitCode, stdout } = await app.exec('getent', ['hosts', 'db'], { timeout: 5000 })
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed, or there is no such program (`errnoName` is
   * `ENOENT`), `TIMEOUT`, `EXHAUSTED` (more output than `maxBuffer`), `PERMISSION`, `UNSUPPORTED`, `INVALID_ARGUMENT`.
   * An aborted `signal` rejects with its reason. The program has ended by then.
   */
  exec(
    command: string,
    args: readonly string[] | undefined,
    options: ExecOptions & { encoding: 'buffer' },
  ): Promise<ExecResult<Buffer>>
  exec(command: string, args?: readonly string[], options?: ExecOptions): Promise<ExecResult>
  async exec(
    command: string,
    args: readonly string[] = [],
    options: ExecOptions = {},
  ): Promise<ExecResult<string | Buffer>> {
    checkExec(command, args, options)
    const { files = true } = options
    this.#requireThere()
    // As they are now; spawn would take those that are there.
    if (files && this.#ownFiles()) await this.files()
    return execInside(this.name, command, options, (given) => this.spawn(command, args, { ...given, files }))
  }

  /**
   * Lets a server of `node:net`, `http`, `https`, `http2` or `tls` listen in this sandbox: its connections are the
   * sandbox's, its code runs here. Of Express it is `http.createServer(app)`, of Fastify `app.server`.
   *
   * @example
   * const server = await app.listen(http.createServer(serve), { port: 80 })
   * @returns The server, once it listens. What is refused rejects; the server tells no `error` of it.
   * @throws {SlipwayError} `PORT_IN_USE`, `NOT_FOUND` (the sandbox was removed, or there is no such name),
   * `UNREACHABLE` (no nameserver says what the name is), `INVALID_ARGUMENT` (no address of the sandbox), `PERMISSION`,
   * `TIMEOUT`, `UNSUPPORTED` (in a worker of `node:cluster`). An aborted `signal` rejects with its reason; later, it
   * closes the server.
   */
  async listen<S extends Server>(server: S, options: ListenOptions = {}): Promise<S> {
    return listen(this.#inside, server, options)
  }

  /**
   * Connects from this sandbox, to an address or to a name as the sandbox knows it (its hosts file, its nameservers,
   * asked from inside). Of several addresses the first that answers is taken, as Node.js does (Happy Eyeballs).
   *
   * @example
   * const socket = await app.connectTcp({ host: 'db', port: 5432, timeout: 2000 })
   * @throws {SlipwayError} `UNREACHABLE` (refused, no route, no answer: `errnoName` is `ECONNREFUSED`, …), `NOT_FOUND`
   * (no such name: `errnoName` is `ENOTFOUND`; or the sandbox was removed), `TIMEOUT`, `INVALID_ARGUMENT`. An aborted
   * `signal` rejects with its reason.
   */
  async connectTcp(options: ConnectTcpOptions): Promise<Socket> {
    return connectTcp(this.#inside, options)
  }

  /**
   * A socket for datagrams in this sandbox, of `node:dgram`, bound. What `send` and `connect` are given as a name is
   * looked up as the sandbox would. Broadcasts (`setBroadcast`) and groups (`addMembership`) are the sandbox's.
   *
   * @example
   * const udp = await app.bindUdp({ port: 53 })
   * udp.on('message', (message, from) => udp.send(answer(message), from.port, from.address))
   * @throws {SlipwayError} `PORT_IN_USE`, `NOT_FOUND`, `UNREACHABLE`, `INVALID_ARGUMENT`, `PERMISSION`, `TIMEOUT`, as
   * {@link listen}. An aborted `signal` rejects with its reason; later, it closes the socket.
   */
  async bindUdp(options: BindUdpOptions = {}): Promise<UdpSocket> {
    return bindUdp(this.#inside, options)
  }

  /**
   * An `agent` for `http.request` and `https.request`, and a `dispatcher` for `fetch`, whose connections start in this
   * sandbox and are kept. Names are looked up as the sandbox would, and certificates are checked by name. It is for
   * HTTP of both kinds; close it with `agent.close()` or `agent.destroy()`.
   *
   * Its requests fail as those of Node.js do: with the codes `ECONNREFUSED`, `ENOTFOUND`, …
   *
   * @example
   * const agent = app.agent()
   * const response = await fetch('http://db/', { dispatcher: agent })
   * @param options - As of `https.Agent`. Default: as `https.globalAgent`.
   */
  agent(options: SandboxAgentOptions = {}): SandboxAgent {
    if (!isOptions(options)) throw invalid(`agent takes an object of options, and got ${show(options)}.`)
    this.#requireThere()
    return createAgent(this.#inside, options)
  }

  /**
   * Waits until something listens on a port in this sandbox. The kernel is asked (sock_diag): no server sees a
   * connection for it.
   *
   * @example
   * app.spawn('redis-server')
   * await app.waitForPort(6379, { timeout: 10_000 })
   * @throws {SlipwayError} `TIMEOUT`, `NOT_FOUND` when the sandbox was removed, `INVALID_ARGUMENT`, `UNSUPPORTED`. An
   * aborted `signal` rejects with its reason.
   */
  async waitForPort(port: number, options: WaitForPortOptions = {}): Promise<void> {
    return waitForPort(this.#inside, port, options)
  }

  /**
   * Runs a synchronous function with this thread inside the sandbox. What it does at once, it does there: a socket that
   * the kernel makes meanwhile stays in the sandbox, a process that is started is one of the sandbox's, a file of
   * `/proc/thread-self/net` is the sandbox's.
   *
   * **What Node.js does later, it does on the host**, without a word: it looks addresses up first, and makes the socket
   * when this thread has left again. So within `enter`, `server.listen(80, '0.0.0.0')` (any listen with a host),
   * `dgram.bind`, `net.connect`, `http.get` and `fetch` all act on the *host*. For these there are {@link listen},
   * {@link bindUdp}, {@link connectTcp} and {@link agent}; for programs {@link spawn} and {@link exec}.
   *
   * @example
   * const table = app.enter(() => readFileSync('/proc/thread-self/net/arp', 'utf8'))
   * @throws {SlipwayError} `INVALID_ARGUMENT` when it is no function, or returns a promise: what it does later, it does
   *   outside.
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
   */
  enter<T>(work: () => T): T {
    this.#requireThere()
    if (typeof work !== 'function') throw invalid(`enter takes a synchronous function, and got ${show(work)}.`)
    let result: T
    try {
      result =
        this.#record.stack === 'host'
          ? enter(this.path, work)
          : enter(this.path, work, this.#changes.namespace, this.#context.host.identity)
    } catch (error) {
      const failure = (error as { failure?: NativeFailure }).failure
      const refusal = failure && describeFailure(failure, `nsenter --net=${this.path}`)
      const trouble = refusal && explainTrouble(refusal)
      if (trouble) throw new SlipwayError(...trouble, refusal, { cause: error })
      if (failure) throw new SlipwayError('NOT_FOUND', namespaceGone(this.path), {}, { cause: error })
      throw error
    }
    if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
      throw invalid(
        'enter takes a synchronous function: this one returned a promise, and what it awaits happens outside the sandbox.',
      )
    }
    return result
  }

  /** This sandbox, for what happens inside of it. */
  get #inside(): Inside {
    return (this.#insideMade ??= {
      name: this.name,
      hostname: ownHostname(this.#record),
      enter: (work) => this.enter(work),
      readNames: () => this.#context.work.run(() => readNames(this.#context, this.#record)),
      listeners: (protocol, port) => this.#context.work.run(() => this.#listeners(protocol === 'udp', port)),
    })
  }

  /**
   * Takes the sandbox off its networks and frees its name, addresses and ports. Processes inside go on, without
   * network. Called again, it is the same removal.
   *
   * When it returns nobody reaches the sandbox any more, and its ports are free. What the kernel takes longer for goes
   * on behind the caller's back, and whoever wants the name or an address again meanwhile waits for it; so does
   * `close({ wait: true })`.
   *
   * @throws {SlipwayError} `NOT_FOUND` when another has removed it.
   */
  remove(options: CallOptions = {}): Promise<void> {
    const removing = this.#removing
    if (removing) return isPlain(options) ? removing : this.#look('remove', options, () => removing)
    const begun = this.#change('remove', options, (context) => {
      checkOptions('remove', options, callChecks)
      return removeSandbox(context, this.#changes)
    }).catch((error: unknown) => {
      this.#removing = undefined
      throw error
    })
    return (this.#removing = begun)
  }

  /** @internal Until the kernel has taken down what {@link remove} and {@link disconnect} leave to it. */
  async gone(): Promise<void> {
    await this.#context.removals.all(({ key }) => key === sandboxKey(this.name) || isInterfaceOf(this, key))
  }

  /** What it is, as of the last call through this object, for JSON.stringify(). */
  toJSON(): SandboxFacts {
    const { id, name, network, path, created, hostname, labels, ephemeral, forwarding, endpoints, ports } = this
    return { id, name, network, path, created, hostname, labels, ephemeral, forwarding, endpoints, ports }
  }

  /** @internal */
  [SHOWN](depth: number, options: InspectOptionsStylized, inspect: typeof import('node:util').inspect): string {
    const { id, name, network, path, endpoints, ports, labels, ephemeral, forwarding } = this
    const facts = {
      name,
      id: id.slice(0, 12),
      network,
      path,
      endpoints: endpoints.map((one) => [one.network, one.interface, ...one.addresses].join(' ')),
      ports: ports.map(printMapping),
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      ...(ephemeral ? { ephemeral } : {}),
      ...(forwarding ? { forwarding } : {}),
    }
    return shown('Sandbox', name, facts, depth, options, inspect)
  }

  /** As {@link remove}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  /** A call that changes something. */
  #change<T>(what: string, options: CallOptions, work: (context: Context) => Promise<T>): Promise<T> {
    const change = async (call: Call | undefined) => {
      try {
        return await work(withCall(this.#context, call))
      } catch (error) {
        // Of one that was removed, nothing else is to be said.
        if (!call?.isReason(error)) this.#requireThere(error)
        throw error
      }
    }
    return this.#context.work.run(change, what, options)
  }

  /** @throws {SlipwayError} `NOT_FOUND` when it was removed, by whomever: by its name another may be there by now. */
  #requireThere(cause?: unknown): void {
    if (isCurrent(this.#changes.stored.path, this.id)) return
    if (cause instanceof SlipwayError && cause.code === 'NOT_FOUND') throw cause
    throw new SlipwayError('NOT_FOUND', removed(this.name), {}, cause === undefined ? {} : { cause })
  }

  /** One that only looks. */
  #look<T>(what: string, options: CallOptions, work: () => Promise<T>): Promise<T> {
    const checked = async () => {
      checkOptions(what, options, callChecks)
      return work()
    }
    return this.#context.work.look(checked, what, options)
  }

  async #listeners(udp: boolean, port: number): Promise<readonly Listener[] | undefined> {
    this.#requireThere()
    const { stack } = this.#record
    const { namespace } = this.#changes
    if (stack !== 'host' && namespace && !opensNamespace(this.path, namespace))
      throw new SlipwayError('NOT_FOUND', namespaceGone(this.path))
    return this.#context.host.find('listeners', { ...(stack === 'host' ? {} : { netns: this.path }), udp, port })
  }

  /** Its files for a process; `undefined` where the host's are right: in its network, with no names of its own. */
  #ownFiles(): OwnFiles | undefined {
    if (this.#record.stack === 'host' && Object.keys(this.names).length === 0) return undefined
    return {
      paths: filePaths(this.#context, this.#record),
      areWritten: () => this.writtenFiles !== undefined,
      write: () => this.files(),
    }
  }

  /** @internal What its processes find in place of this machine's; `undefined` where they have that. */
  get ownNames(): OwnNames | undefined {
    const own = this.#ownFiles()
    return own && { folder: dirname(own.paths.hostname), hostname: this.#inside.hostname }
  }

  /** @returns The network's name where it is one that every host has, else as it was given. */
  #networkNamed(what: 'connect' | 'disconnect', network: string): string {
    if (nameCheck(network) !== undefined)
      throw invalid(`${what} takes a network's name or id, and got ${show(network)}.`)
    return namedPredefined(this.#context.host.identity, network)
  }
}

const isPlain = (options: object): boolean => Object.keys(options).length === 0

/** What is published, and the options that may come last: no port has a signal or a timeout. */
function withoutOptions(given: readonly (string | PortRequest | CallOptions)[]): {
  ports: (string | PortRequest)[]
  options: CallOptions
} {
  const last = given.at(-1)
  const isLast =
    typeof last === 'object' && last !== null && !('containerPort' in last) && ('signal' in last || 'timeout' in last)
  const ports = (isLast ? given.slice(0, -1) : given) as (string | PortRequest)[]
  return { ports, options: isLast ? last : {} }
}
