import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { tellOfLacking } from '../inside/processes/lacking.js'
import { say } from './failures.js'

/** Commands in sandboxes see the sandbox's files where programs look for names: what a container has by its mounts. */

/** Writes the files of a sandbox, if it has its own: a command is run when the host has been closed. */
export async function writeOwnFiles(sandbox: Sandbox): Promise<void> {
  if (sandbox.network === 'host' && Object.keys(sandbox.names).length === 0) return
  await sandbox.files()
  tellOfLacking(sandbox.name, say)
}
