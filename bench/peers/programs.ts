import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the peers' programs are: as given, as `npm run bench:peers` has unpacked them, or as the system has them. */

const UNPACKED = fileURLToPath(new URL('../../build-compare', import.meta.url))

export interface PeerPaths {
  /** Another checkout of Slipway, built. */
  against?: string
  /** Folder of the plugins `bridge`, `host-local` and `portmap`. */
  cniDir?: string
  /** The program itself. */
  netavark?: string
  /** The program itself; `docker`, `containerd` and `runc` are beside it, or on the PATH. */
  dockerd?: string
}

/** What was found, with absolute paths. */
export function findPeers(given: PeerPaths): PeerPaths {
  const { cniDir, netavark, dockerd } = {
    cniDir:
      given.cniDir ??
      firstThat(
        ['/usr/lib/cni', '/opt/cni/bin'].flatMap((folder) => [join(UNPACKED, 'cni', folder), folder]),
        (folder) => existsSync(join(folder, 'portmap')),
      ),
    netavark:
      given.netavark ??
      firstThat(
        [join(UNPACKED, 'netavark/netavark'), '/usr/lib/podman/netavark', '/usr/libexec/podman/netavark'],
        isProgram,
      ),
    dockerd: given.dockerd ?? firstThat([join(UNPACKED, 'docker/usr/sbin/dockerd'), ...onPath('dockerd')], isProgram),
  }
  return {
    ...(given.against ? { against: given.against } : {}),
    ...(cniDir ? { cniDir } : {}),
    ...(netavark ? { netavark } : {}),
    ...(dockerd ? { dockerd } : {}),
  }
}

/** Version of a package that `npm run bench:peers` has unpacked, when `path` is in it. */
export function unpackedVersion(path: string, folder: string, packageName: string): string | undefined {
  if (!path.startsWith(join(UNPACKED, folder, '/'))) return undefined
  const versions = JSON.parse(readFileSync(join(UNPACKED, `${folder}.json`), 'utf8')) as Record<string, string>
  return versions[packageName]
}

/** @throws {Error} naming the option. */
export function requirePeer(path: string | undefined, option: string): string {
  if (path === undefined) throw new Error(`It is not installed: npm run bench:peers, or ${option}.`)
  return path
}

const firstThat = (paths: readonly string[], holds: (path: string) => boolean): string | undefined => paths.find(holds)

const onPath = (name: string): string[] =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].map((folder) => join(folder, name))

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
