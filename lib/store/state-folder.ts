import { join } from 'node:path'
import type { Settings } from '../base/settings.js'

/** The inode number of the host's namespace. */
interface HostIdentity {
  identity: number
}

const FOLDERS = ['sandboxes', 'networks', 'files', 'holders', 'pool', 'ephemeral', 'cni'] as const

/** Each host namespace has folders of its own, so that two hosts may share a state directory. */
export const stateFolder = (
  settings: Pick<Settings, 'stateDir'>,
  host: HostIdentity,
  what: (typeof FOLDERS)[number],
): string => join(settings.stateDir, String(host.identity), what)

/** The file of the routes that sandboxes have through routers. */
export const routesFile = ({ stateDir }: Pick<Settings, 'stateDir'>, { identity }: HostIdentity): string =>
  join(stateDir, String(identity), 'routes.json')

/** All that a host may have, from the state directory on. */
export const stateFolders = ({ identity }: HostIdentity): string[] => [
  String(identity),
  ...FOLDERS.map((what) => join(String(identity), what)),
]
