import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { run } from '../tools.js'

export const IMAGE = 'busybox-here'

/** Makes an image of one statically linked program. No registry is asked. */
export function importImage(folder: string, env: NodeJS.ProcessEnv): void {
  const root = `${folder}/root`
  mkdirSync(`${root}/bin`, { recursive: true })
  copyFileSync(run('sh', ['-c', 'command -v busybox'], env).trim(), `${root}/bin/busybox`)
  symlinkSync('busybox', `${root}/bin/sleep`)
  run('tar', ['--create', '--file', `${folder}/root.tar`, '--directory', root, '.'])
  run('docker', ['import', `${folder}/root.tar`, IMAGE], env)
}
