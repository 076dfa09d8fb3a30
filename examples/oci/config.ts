import { readFileSync } from 'node:fs'
import type { SandboxFiles } from 'slipway'

/** What a container is made of, as far as this example goes. */
export interface ContainerOptions {
  /** Its root file system, a folder. Mounted read-only, so several containers may share one. */
  root: string
  /** The namespace that it joins: `sandbox.path`. */
  netns: string
  /** `await sandbox.files()`: mounted over `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`. */
  files: SandboxFiles
  args: readonly string[]
  /** Run by the runtime, on the host, when the container is gone. Default: nothing. */
  poststop?: readonly Hook[]
}

/** A program that the runtime runs at a certain moment: full path, and arguments beginning with argv[0]. */
export interface Hook {
  path: string
  args: readonly string[]
}

/** The networking's share of a config.json, and all of it that has to do with Slipway. */
export function networkPart({ netns, files }: Pick<ContainerOptions, 'netns' | 'files'>) {
  return {
    hostname: readFileSync(files.hostname, 'utf8').trim(),
    mounts: [
      bind('/etc/hostname', files.hostname),
      bind('/etc/hosts', files.hosts),
      bind('/etc/resolv.conf', files.resolvConf),
    ],
    // A path: the runtime joins what is there, and neither makes nor removes it. The hostname takes a uts namespace.
    namespaces: [{ type: 'network', path: netns }, { type: 'uts' }],
  }
}

/** A whole config.json (OCI runtime specification, 1.0.2) for an unprivileged process that may listen on port 80. */
export function containerConfig({ root, args, poststop = [], ...rest }: ContainerOptions) {
  const { hostname, mounts, namespaces } = networkPart(rest)
  const capabilities = ['CAP_NET_BIND_SERVICE']
  return {
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    hostname,
    process: {
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/bin'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, permitted: capabilities, effective: capabilities },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      // sysfs shows the interfaces of the namespace that it is mounted in: the sandbox's.
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'nodev', 'noexec', 'ro'] },
      ...mounts,
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'mount' }, ...namespaces] },
    hooks: { poststop },
  }
}

const bind = (destination: string, source: string) => ({
  destination,
  type: 'bind',
  source,
  options: ['bind', 'rprivate'],
})
