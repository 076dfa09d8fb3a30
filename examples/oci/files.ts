import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from 'slipway'

/** Paths of the three files that say who a container is and whom it knows. */
export interface SandboxFiles {
  hostname: string
  hosts: string
  resolvConf: string
}

/** Writes a sandbox's three files into a folder. `knows`: other sandboxes that its hosts file names. */
export function writeFiles(sandbox: Sandbox, folder: string, knows: readonly Sandbox[] = []): SandboxFiles {
  mkdirSync(folder, { recursive: true })
  const files = { hostname: join(folder, 'hostname'), hosts: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') }
  const lines = [sandbox, ...knows].flatMap(({ name, endpoints }) =>
    endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address.split('/')[0]}\t${name}`)),
  )
  writeFileSync(files.hostname, `${sandbox.name}\n`)
  writeFileSync(files.hosts, `127.0.0.1\tlocalhost\n${lines.join('\n')}\n`)
  writeFileSync(files.resolvConf, '')
  return files
}
