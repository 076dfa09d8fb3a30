import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { packageRoot } from './native.js'

/**
 * The file of a thread: beside the one that starts it, or in the package where that is part of another program's
 * bundle.
 *
 * @param name - As in `names-thread`.
 * @param starter - The `import.meta.url` of the file that starts it.
 */
export function threadFile(name: string, starter: string): string {
  const beside = fileURLToPath(new URL(`${name}.js`, starter))
  return existsSync(beside) ? beside : `${packageRoot()}dist/${name}.js`
}
