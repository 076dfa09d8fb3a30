import { randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { Daemon } from '../peers/docker/daemon.js'
import { Engine } from '../peers/docker/engine.js'
import { IMAGE } from '../peers/docker/image.js'
import { median } from '../stats.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'
import { atOnce, timed, type Bringer } from './arm.js'

/** Containers that are made and started at once while nobody looks at the clock. */
const CROWD = 4

interface Inspected {
  State: { Pid: number }
}

/** A dockerd of the trial's own, and containers on it. */
abstract class Docker implements Bringer {
  readonly version: string
  protected readonly engine: Engine
  readonly #daemon: Daemon
  readonly #pids = new Map<number, number>()

  constructor(daemon: Daemon, engine: Engine, version: string) {
    this.#daemon = daemon
    this.engine = engine
    this.version = version
  }

  abstract prepare(spec: TrialSpec): Promise<void>
  abstract create(n: number): Promise<void>
  abstract remove(n: number): Promise<void>

  netns(n: number): string {
    const pid = this.#pids.get(n)
    if (pid === undefined) throw new RangeError(`there is no container ${n}`)
    return `/proc/${pid}/ns/net`
  }

  async close(): Promise<void> {
    const all = await this.engine.ask<{ Id: string }[]>('GET', '/containers/json?all=true')
    await atOnce(all.length, CROWD, (i) => this.engine.ask('DELETE', `/containers/${all[i]?.Id}?force=true`))
    this.engine.close()
    await this.#daemon.stop()
  }

  /** A container that sleeps, not started yet. */
  protected async make(name: string, network: string, hostPort?: number): Promise<void> {
    const port = `${CONTAINER_PORT}/tcp`
    const published = hostPort === undefined ? {} : { PortBindings: { [port]: [{ HostPort: String(hostPort) }] } }
    await this.engine.ask('POST', `/containers/create?name=${name}`, {
      Image: IMAGE,
      Cmd: ['sleep', '600'],
      ExposedPorts: { [port]: {} },
      HostConfig: { NetworkMode: network, ...published },
    })
  }

  protected async start(name: string): Promise<void> {
    await this.engine.ask('POST', `/containers/${name}/start`)
  }

  protected async learnPid(n: number): Promise<void> {
    const { State } = await this.engine.ask<Inspected>('GET', `/containers/${endpoint(n).name}/json`)
    this.#pids.set(n, State.Pid)
  }
}

/**
 * `docker network connect` of a running container that has published a port: until then it is on a network that leads
 * nowhere, where nothing is published.
 */
export class DockerConnect extends Docker {
  async prepare({ warmUp, count }: TrialSpec): Promise<void> {
    await this.engine.ask('POST', '/networks/create', { Name: 'nowhere', Internal: true })
    await atOnce(warmUp + count, CROWD, async (n) => {
      const { name, hostPort } = endpoint(n)
      await this.make(name, 'nowhere', hostPort)
      await this.start(name)
      await this.learnPid(n)
    })
    for (let n = 0; n < warmUp; n++) await this.create(n)
  }

  async create(n: number): Promise<void> {
    await this.engine.ask('POST', '/networks/bridge/connect', { Container: endpoint(n).name })
  }

  async remove(n: number): Promise<void> {
    await this.engine.ask('POST', '/networks/bridge/disconnect', { Container: endpoint(n).name })
  }
}

/** Measured of a start without a network, and taken off the others. */
const BASELINES = 10

/** `docker start` of a container on the default bridge, less the same of a container on the network `none`. */
export class DockerStart extends Docker {
  readonly #none: number[] = []
  #wantsPids = false

  async prepare({ measure, warmUp, count }: TrialSpec): Promise<void> {
    this.#wantsPids = measure === 'first-byte' || measure === 'data'
    await atOnce(warmUp + count, CROWD, (n) => this.make(endpoint(n).name, 'bridge', endpoint(n).hostPort))
    for (let n = 0; n < warmUp; n++) await this.create(n)
    // What goes through a container does not depend on how it started.
    for (let i = 0; i < (measure === 'data' ? 0 : BASELINES); i++) {
      await this.make(`none${i}`, 'none')
      this.#none.push(await timed(() => this.start(`none${i}`)))
    }
  }

  async create(n: number): Promise<void> {
    await this.start(endpoint(n).name)
    // One more question to the daemon, which the start does not take.
    if (this.#wantsPids) await this.learnPid(n)
  }

  remove(): Promise<void> {
    throw new Error('What a stop without a network takes is as long as what is in the container.')
  }

  readonly adjust = (result: TrialResult): TrialResult => {
    if (this.#none.length === 0) return result
    const none = median(this.#none)
    return {
      ...result,
      total: result.total.map((whole) => whole - none),
      series: { ...result.series, none: this.#none, start: result.total },
    }
  }
}

/** Starts a dockerd for one trial. */
export async function openDocker<Arm>(
  make: new (daemon: Daemon, engine: Engine, version: string) => Arm,
  dockerd: string,
  options: readonly string[] = [],
): Promise<Arm> {
  // The folder that Debian's packages were unpacked in, or the system's own root.
  const daemon = await Daemon.start(
    resolve(dirname(dockerd), '../..'),
    `slipway-bench-${randomBytes(4).toString('hex')}`,
    options,
  )
  const engine = new Engine(daemon.env['DOCKER_HOST'] ?? '')
  const { Version } = await engine.ask<{ Version: string }>('GET', '/version')
  return new make(daemon, engine, `dockerd ${Version}`)
}
