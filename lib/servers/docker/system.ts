import { readFileSync } from 'node:fs'
import { cpus, hostname, machine, release, totalmem } from 'node:os'
import { clock } from '../../base/timers.js'
import { networkDrivers, stackDrivers } from '../../drivers/index.js'
import { json, type HttpAnswer } from '../http/protocol.js'
import type { DockerCall, DockerRoute } from './call.js'
import { isOlder, NEWEST_API, OLDEST_API } from './versions.js'

/** What a client asks first: whether somebody is there, who, and what it can do. */
export const SYSTEM_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', path: '/_ping', answer: () => ping('OK') },
  { method: 'HEAD', path: '/_ping', answer: () => ping('') },
  { method: 'GET', path: '/version', answer: ({ version }) => json(versionOf(version)) },
  { method: 'GET', path: '/system/df', answer: ({ apiVersion }) => json(diskUsage(apiVersion)) },
  { method: 'GET', path: '/info', answer: async (call) => json(await infoOf(call)) },
]

const ping = (body: string): HttpAnswer => ({
  status: 200,
  headers: {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    Swarm: 'inactive',
  },
  body,
})

/** As Go names them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

function versionOf(version: string) {
  const arch = ARCHITECTURES[process.arch] ?? process.arch
  const details = {
    ApiVersion: NEWEST_API,
    MinAPIVersion: OLDEST_API,
    Arch: arch,
    Os: 'linux',
    KernelVersion: release(),
  }
  return {
    Platform: { Name: 'Slipway' },
    Components: [
      // Docker's command adds one of this name where there is none.
      { Name: 'Engine', Version: version, Details: details },
      { Name: 'Node.js', Version: process.versions.node },
    ],
    Version: version,
    ...details,
  }
}

/** From this version of the API on, `docker system df` is told by sums. */
const BY_SUMS = '1.52'
const NOTHING_USED = { ActiveCount: 0, TotalCount: 0, Reclaimable: 0, TotalSize: 0, Items: [] }

/** Nothing of Docker's: images, files of containers, volumes. */
const diskUsage = (apiVersion: string) =>
  isOlder(apiVersion, BY_SUMS)
    ? { LayersSize: 0, Images: [], Containers: [], Volumes: [], BuildCache: [], BuilderSize: 0 }
    : {
        ImageUsage: NOTHING_USED,
        ContainerUsage: NOTHING_USED,
        VolumeUsage: NOTHING_USED,
        BuildCacheUsage: NOTHING_USED,
      }

/** What of `docker info` is about networking, or cannot be left out: Docker's command reads it into a struct. */
async function infoOf({ slipway, version, lives, signal }: DockerCall) {
  const sandboxes = await slipway.sandboxes.list({ signal })
  const running = sandboxes.filter(({ id }) => lives.stateOf(id) === 'running').length
  const drivers = [
    ...networkDrivers.map(({ name }) => name),
    ...stackDrivers.flatMap(({ network, name }) => (network ? [name] : [])),
  ]
  return {
    ID: '',
    Containers: sandboxes.length + lives.all.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: sandboxes.length - running + lives.all.length,
    Images: 0,
    Driver: '',
    DriverStatus: [],
    Plugins: { Volume: [], Network: drivers.sort(), Authorization: null, Log: [] },
    IPv4Forwarding: isOn('/proc/sys/net/ipv4/ip_forward'),
    SystemTime: new Date(clock.time()).toISOString(),
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSType: 'linux',
    Architecture: machine(),
    NCPU: cpus().length,
    MemTotal: totalmem(),
    DockerRootDir: slipway.toJSON().stateDir,
    Name: hostname(),
    Labels: [],
    ServerVersion: version,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    FirewallBackend: { Driver: 'nftables' },
    Warnings: [],
  }
}

const isOn = (path: string): boolean => readOrEmpty(path).trim() === '1'

const operatingSystem = (): string => /^PRETTY_NAME="?(.*?)"?$/m.exec(readOrEmpty('/etc/os-release'))?.[1] ?? 'Linux'

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
