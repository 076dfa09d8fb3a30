import { dirname } from 'node:path'
import { SlipwayError } from '../../base/errors.js'
import type { SandboxFiles } from '../../work/files.js'
import { FILE_NAMES } from './lacking.js'
import { findProgram } from './programs.js'

/**
 * A command that finds a sandbox's files where programs look for names: what a container has by its mounts. It is
 * `unshare`, which makes a mount namespace that hears of the host's mounts and that the host hears nothing of, as
 * `ip netns exec` does; and a shell, which mounts the files there and becomes the command.
 */

/** The shell ends so, when the files could not be given. */
export const NO_FILES_STATUS = 125

/** Folders in which a host has them, whatever the command's PATH is. */
const TOOL_FOLDERS = '/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * @param name - Its hostname. The command has a UTS namespace for it from the beginning: a thread of ours that made one
 * could not leave it again, where it is root of a user namespace only.
 * @param descriptor - Where a line comes when the files have been written. Without a line, the command is not run.
 * `undefined` where they are there.
 * @throws {SlipwayError} `UNSUPPORTED` where this machine lacks what mounts them.
 */
export function withFiles(
  { hostname: file }: SandboxFiles,
  name: string | undefined,
  command: readonly string[],
  descriptor: number | undefined,
): [string, string[]] {
  const [unshare, shell, mount] = ['unshare', 'sh', 'mount'].map(tool) as [string, string, string]
  const folder = dirname(file)
  // How overlayfs reads a path in its options.
  const layers = `lowerdir=${folder.replace(/[\\:,]/g, '\\$&')}:/etc`
  const ready =
    descriptor === undefined ? '' : `read -r _ <&${descriptor} || exit ${NO_FILES_STATUS}; exec ${descriptor}<&-; `
  const namespaces = ['--mount', ...(name === undefined ? [] : ['--uts']), '--propagation', 'slave']
  const words = [...namespaces, shell, '-uc', `${ready}${MOUNT}`, 'sh', mount, folder, layers, name ?? '']
  return [unshare, [...words, ...command]]
}

function tool(name: string): string {
  const { path } = findProgram(name, `${process.env['PATH'] ?? ''}:${TOOL_FOLDERS}`)
  if (path !== undefined) return path
  throw new SlipwayError(
    'UNSUPPORTED',
    `This machine has no program ${name}, which gives processes the files of a sandbox. Install util-linux, or leave files out (files: false).`,
  )
}

// What the host has no file for has no place to be mounted over: then all of /etc is what lies in the sandbox's folder,
// with the host's files below it, and is not written to.
const MOUNT = `
  mount=$1 folder=$2 layers=$3 hostname=$4; shift 4
  if [ -n "$hostname" ]; then
    { printf %s "$hostname" > /proc/sys/kernel/hostname || hostname "$hostname"; } 2>/dev/null ||
      echo "slipway: the hostname of the sandbox could not be given" >&2
  fi
  names="${FILE_NAMES.join(' ')}"
  give() {
    for name in $names; do
      [ -e "/etc/$name" ] || { "$mount" -t overlay -o "$layers" overlay /etc; return; }
    done
    for name in $names; do "$mount" --bind "$folder/$name" "/etc/$name" || return; done
  }
  give || { echo "slipway: the files of the sandbox could not be mounted over those in /etc" >&2; exit ${NO_FILES_STATUS}; }
  exec "$@"`
