import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cannotRead } from '../base/shortage.js'
import { isSystemdStub, parseResolvConf, type ResolvConf } from './resolv-conf.js'

/** The host's name and files, from which those of sandboxes are made. */
export interface HostFiles {
  /** As the kernel has it: the file may say what it will be after a restart. */
  hostname: string
  hosts: string
  resolvConf: string
  /** What `resolvConf` says; of systemd-resolved, the servers that it asks itself. */
  nameservers: ResolvConf
}

const SYSTEMD_RESOLV_CONF = '/run/systemd/resolve/resolv.conf'
/** Of a block list in `/etc/hosts`, the longest that there are have some megabytes. */
const LONGEST_FILE = 16 << 20
/** That one is read at once. */
const SHORT_FILE = 1 << 16

export interface HostFilesPlaces {
  /** Path of the host's namespace. Default: the one of this process. */
  netns?: string
  /** Default: `/etc`. */
  etc?: string
  /** systemd-resolved's list of servers. Default: `/run/systemd/resolve/resolv.conf`. */
  systemdResolvConf?: string
}

/**
 * Reads the host's name and files. One that is not there is empty. Of a namespace with a name, those in
 * `/etc/netns/NAME` come first, file by file: it is what ip-netns(8) mounts over `/etc` for programs of that namespace.
 */
export async function readHostFiles(places: HostFilesPlaces = {}): Promise<HostFiles> {
  const { netns, etc = '/etc', systemdResolvConf = SYSTEMD_RESOLV_CONF } = places
  const own = netns === undefined ? undefined : nameOfNetns(netns)
  const read = async (name: string) =>
    (own === undefined ? undefined : await readIfThere(join(etc, 'netns', own, name))) ??
    (await readIfThere(join(etc, name)))
  const [hosts, resolvConf] = await Promise.all([read('hosts'), read('resolv.conf')])
  const stub = parseResolvConf(resolvConf ?? '')
  const behind = isSystemdStub(stub) ? await readIfThere(systemdResolvConf) : undefined
  return {
    hostname: hostname(),
    hosts: hosts ?? '',
    resolvConf: resolvConf ?? '',
    nameservers: behind === undefined ? stub : parseResolvConf(behind),
  }
}

/** All nameservers that the host may ask: of resolv.conf, and those that systemd-resolved asks. */
export async function readNameservers(places: HostFilesPlaces = {}): Promise<string[]> {
  const { systemdResolvConf = SYSTEMD_RESOLV_CONF } = places
  const { resolvConf, nameservers } = await readHostFiles(places)
  const behind = parseResolvConf((await readIfThere(systemdResolvConf)) ?? '')
  return [...new Set([parseResolvConf(resolvConf), nameservers, behind].flatMap((one) => one.nameservers))]
}

/** The name that ip-netns(8) knows a namespace by, where it does. */
const nameOfNetns = (path: string): string | undefined => /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1]

/**
 * What is no file, or too long for one that people write, is passed over as if it were not there: a FIFO would be
 * waited for for ever. A thread reads what is long.
 */
async function readIfThere(path: string): Promise<string | undefined> {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cannotRead(error, path)
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile() || stat.size > LONGEST_FILE) return undefined
    // Of a file of procfs or the like the size is not known.
    const bytes = Buffer.alloc(stat.size || SHORT_FILE)
    const bytesRead =
      bytes.length > SHORT_FILE
        ? (await promisify(read)(file, bytes, 0, bytes.length, 0)).bytesRead
        : readSync(file, bytes, 0, bytes.length, 0)
    return bytes.toString('utf8', 0, bytesRead)
  } catch (error) {
    throw cannotRead(error, path)
  } finally {
    closeSync(file)
  }
}
