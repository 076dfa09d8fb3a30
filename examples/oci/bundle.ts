import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { containerConfig } from './config.js'

/** A web page that names who asked for it, as busybox's httpd runs it. */
const WHO_AM_I = `#!/bin/sh
client=\${REMOTE_ADDR#\\[}
client=\${client%]}
printf 'content-type: text/plain\\n\\n%s' "\${client#::ffff:}"
`

/** The address of the page, after a server's own. */
export const PAGE = '/cgi-bin/who-am-i'

/**
 * Makes a root file system of busybox and nothing else: each of its programs is a symbolic link to it.
 *
 * @returns the names of the programs.
 */
export function makeRoot(root: string): string[] {
  const busybox = findStaticBusybox()
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'sys', 'www/cgi-bin'])
    mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(busybox, join(root, 'bin/busybox'))
  const programs = execFileSync(busybox, ['--list'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '' && name !== 'busybox')
  for (const name of programs) symlinkSync('busybox', join(root, 'bin', name))
  // What the three files are mounted over: on a read-only root, the runtime cannot make them.
  for (const name of ['hostname', 'hosts', 'resolv.conf']) writeFileSync(join(root, 'etc', name), '')
  writeFileSync(join(root, 'www', PAGE), WHO_AM_I)
  chmodSync(join(root, 'www', PAGE), 0o755)
  return programs
}

/** Makes what a runtime is given for a container: a folder with its config.json. */
export function makeBundle(folder: string, config: ReturnType<typeof containerConfig>): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`)
  return folder
}

function findStaticBusybox(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/bin', '/usr/bin']
  for (const folder of folders) {
    const path = join(folder, 'busybox')
    const program = readOrUndefined(path)
    if (!program) continue
    // The dynamic linker's path stands in the first page; a root file system of busybox alone has none.
    if (program.subarray(0, 4096).includes('/ld-')) continue
    return path
  }
  throw new Error('There is no busybox that is linked statically. Type: sudo apt-get install busybox-static')
}

function readOrUndefined(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
