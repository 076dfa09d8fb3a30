import { CONTAINER_PORT, endpoint, netnsPath } from '../endpoint.js'
import { Namespaces } from '../peers/namespaces.js'
import { runPlugin } from '../peers/plugin.js'
import { run } from '../peers/tools.js'
import type { TrialSpec } from '../trial-spec.js'
import { atOnce, type Bringer } from './arm.js'

/** On the tmpfs that goes with the trial. */
const CONFIG = '/run/netavark'

const NETWORK = {
  name: 'podman',
  id: '2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9',
  driver: 'bridge',
  network_interface: 'podman0',
  created: '2026-01-01T00:00:00Z',
  subnets: [{ subnet: '10.88.0.0/16', gateway: '10.88.0.1' }],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: false,
  ipam_options: { driver: 'host-local' },
}

/** The network program of podman, as podman calls it: with the address chosen already. */
export class Netavark implements Bringer {
  readonly inParallel = 4
  readonly version: string
  readonly #program: string
  readonly #namespaces = new Namespaces()

  constructor(program: string) {
    this.#program = program
    this.version = run(program, ['--version']).trim()
  }

  prepare({ warmUp }: TrialSpec): Promise<void> {
    return atOnce(warmUp, this.inParallel, (n) => this.create(n))
  }

  async create(n: number): Promise<void> {
    await this.#namespaces.create(this.netns(n))
    await this.#call('setup', n)
  }

  async remove(n: number): Promise<void> {
    await this.#call('teardown', n)
    await this.#namespaces.remove(this.netns(n))
  }

  netns(n: number): string {
    return netnsPath(endpoint(n).name)
  }

  close(): Promise<void> {
    return this.#namespaces.close()
  }

  #call(command: 'setup' | 'teardown', n: number): Promise<unknown> {
    const { name, hostPort } = endpoint(n)
    return runPlugin(
      this.#program,
      ['--config', CONFIG, command, this.netns(n)],
      {},
      {
        // Its chains are named after the first characters.
        container_id: n.toString(16).padStart(12, '0').padEnd(64, '0'),
        container_name: name,
        networks: {
          [NETWORK.name]: { interface_name: 'eth0', static_ips: [`10.88.${(n + 2) >> 8}.${(n + 2) & 255}`] },
        },
        network_info: { [NETWORK.name]: NETWORK },
        port_mappings: [
          { container_port: CONTAINER_PORT, host_port: hostPort, range: 1, protocol: 'tcp', host_ip: '' },
        ],
      },
    )
  }
}
