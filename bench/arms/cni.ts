import { CONTAINER_PORT, endpoint, netnsPath } from '../endpoint.js'
import { Namespaces } from '../peers/namespaces.js'
import { runPlugin } from '../peers/plugin.js'
import { unpackedVersion } from '../peers/programs.js'
import { makeSegment, SEGMENT } from '../segment.js'
import type { SegmentKind, TrialSpec } from '../trial-spec.js'
import { atOnce, type Bringer } from './arm.js'

const CNI_VERSION = '1.0.0'

/** On the tmpfs that goes with the trial. */
const DATA = '/run/cni'

const BRIDGE = {
  cniVersion: CNI_VERSION,
  name: 'bench',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  hairpinMode: true,
  ipam: { type: 'host-local', dataDir: DATA, ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
}

interface Config {
  type: string
  [more: string]: unknown
}

/** The reference plugins of CNI as a runtime calls them: bridge, which calls host-local, then portmap. */
export class Cni implements Bringer {
  readonly inParallel = 4
  readonly version: string
  protected readonly config: Config = BRIDGE
  readonly #folder: string
  readonly #namespaces = new Namespaces()
  readonly #results = new Map<number, unknown>()

  constructor(folder: string) {
    this.#folder = folder
    this.version = `CNI plugins ${unpackedVersion(folder, 'cni', 'containernetworking-plugins') ?? `of ${folder}`}`
  }

  prepare({ warmUp }: TrialSpec): Promise<void> {
    return atOnce(warmUp, this.inParallel, (n) => this.create(n))
  }

  async create(n: number): Promise<void> {
    await this.#namespaces.create(this.netns(n))
    this.#results.set(n, await this.#call('ADD', n, this.config))
    const publishing = this.publishing(n)
    if (publishing) await this.#call('ADD', n, publishing)
  }

  async remove(n: number): Promise<void> {
    const publishing = this.publishing(n)
    if (publishing) await this.#call('DEL', n, publishing)
    await this.#call('DEL', n, { ...this.config, prevResult: this.#results.get(n) })
    this.#results.delete(n)
    await this.#namespaces.remove(this.netns(n))
  }

  netns(n: number): string {
    return netnsPath(endpoint(n).name)
  }

  close(): Promise<void> {
    return this.#namespaces.close()
  }

  /** What publishes its port. */
  protected publishing(n: number): Config | undefined {
    const portMappings = [{ hostPort: endpoint(n).hostPort, containerPort: CONTAINER_PORT, protocol: 'tcp' }]
    return {
      cniVersion: CNI_VERSION,
      name: BRIDGE.name,
      type: 'portmap',
      runtimeConfig: { portMappings },
      prevResult: this.#results.get(n),
    }
  }

  #call(command: 'ADD' | 'DEL', n: number, config: Config): Promise<unknown> {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: endpoint(n).name,
      CNI_NETNS: this.netns(n),
      CNI_IFNAME: 'eth0',
      CNI_PATH: this.#folder,
    }
    return runPlugin(`${this.#folder}/${config.type}`, [], env, config)
  }
}

/** The plugin of the kind, which calls host-local, alone: it publishes nothing. */
export class CniOnSegment extends Cni {
  protected override readonly config: Config

  constructor(folder: string, kind: SegmentKind) {
    super(folder)
    const { parent, subnet, gateway } = SEGMENT
    this.config = {
      cniVersion: CNI_VERSION,
      name: 'bench',
      type: kind,
      master: parent,
      mode: kind === 'macvlan' ? 'bridge' : 'l2',
      ipam: {
        type: 'host-local',
        dataDir: DATA,
        ranges: [[{ subnet, gateway }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    }
  }

  override prepare(spec: TrialSpec): Promise<void> {
    makeSegment()
    return super.prepare(spec)
  }

  protected override publishing(): undefined {
    return undefined
  }
}
