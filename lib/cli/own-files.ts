import type { SandboxFiles } from '../work/files.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'

/** Commands in sandboxes see the sandbox's files where programs look for names: what a container has by its mounts. */

/**
 * The files of a sandbox, written; `undefined` where those of the host are right: in its network, with no names of its
 * own.
 */
export const ownFiles = async (sandbox: Sandbox): Promise<SandboxFiles | undefined> =>
  sandbox.network === 'host' && Object.keys(sandbox.names).length === 0 ? undefined : sandbox.files()

/**
 * As `ip netns exec` does it: a mount namespace that hears of the host's mounts, and that the host hears nothing of.
 */
export const withFiles = ({ hostname, hosts, resolvConf }: SandboxFiles, command: readonly string[]): string[] => [
  'unshare',
  '--mount',
  '--propagation',
  'slave',
  'sh',
  '-euc',
  MOUNT,
  'sh',
  hostname,
  '/etc/hostname',
  hosts,
  '/etc/hosts',
  resolvConf,
  '/etc/resolv.conf',
  ...command,
]

// What the host has no file for has no place to be mounted over.
const MOUNT = 'for _ in 1 2 3; do if [ -e "$2" ]; then mount --bind "$1" "$2"; fi; shift 2; done; exec "$@"'
