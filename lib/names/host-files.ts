import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemdStub, parseResolvConf, type ResolvConf } from './resolv-conf.js'

/** The host's own three files, from which those of sandboxes are made. */
export interface HostFiles {
  hostname: string
  hosts: string
  resolvConf: string
  /** What `resolvConf` says; of systemd-resolved, the servers that it asks itself. */
  nameservers: ResolvConf
}

export interface HostFilesPlaces {
  /** Default: `/etc`. */
  etc?: string
  /** systemd-resolved's list of servers. Default: `/run/systemd/resolve/resolv.conf`. */
  systemdResolvConf?: string
}

/** Reads the host's files. One that is not there is empty. */
export async function readHostFiles({ etc = '/etc', systemdResolvConf = '/run/systemd/resolve/resolv.conf' }: HostFilesPlaces = {}): Promise<HostFiles> {
  const [hostname, hosts, resolvConf] = await Promise.all([
    readIfThere(join(etc, 'hostname')),
    readIfThere(join(etc, 'hosts')),
    readIfThere(join(etc, 'resolv.conf')),
  ])
  const stub = parseResolvConf(resolvConf ?? '')
  const behind = isSystemdStub(stub) ? await readIfThere(systemdResolvConf) : undefined
  return { hostname: hostname ?? '', hosts: hosts ?? '', resolvConf: resolvConf ?? '', nameservers: behind === undefined ? stub : parseResolvConf(behind) }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
