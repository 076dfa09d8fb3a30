import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** As package.json says it, two folders above the command's files. */
export function ownVersion(): string {
  if (known === undefined) {
    const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
    known = (JSON.parse(text) as { version: string }).version
  }
  return known
}

let known: string | undefined
