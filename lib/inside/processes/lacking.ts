import { existsSync } from 'node:fs'

/** What a sandbox's files are called in /etc. */
export const FILE_NAMES = ['hostname', 'hosts', 'resolv.conf'] as const

/** Those that this machine does not have: there is nothing in their place to mount anything over. */
const lackingFiles = (): string[] => FILE_NAMES.map((name) => `/etc/${name}`).filter((path) => !existsSync(path))

let told = false

/** Says once in a process that files are lacking. */
export function tellOfLacking(name: string, tell: (sentence: string) => void): void {
  const lacking = told ? [] : lackingFiles()
  if (lacking.length === 0) return
  told = true
  tell(
    `This machine has no ${lacking.join(', no ')}. Processes with the files of the sandbox ${name} find them all the same, in an /etc that they cannot write to.`,
  )
}
