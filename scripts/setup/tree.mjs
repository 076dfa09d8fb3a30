// Why: the steps name files from the repository's root, and skip work whose inputs have not changed.
// Content is compared, not time: a checkout or a copy changes every time and no content.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

export const inRoot = (...parts) => path.join(root, ...parts)

// Every file under a folder that is ours, as paths from the root, sorted. A missing folder has none.
export function filesUnder(folder) {
  if (!existsSync(inRoot(folder))) return []
  return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => !file.includes('node_modules/'))
    .sort()
}

export function hashOf(files, extra = '') {
  const hash = createHash('sha256').update(extra)
  for (const file of files) {
    const content = readFileSync(inRoot(file))
    hash.update(`\0${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

export function stampIs(stamp, hash) {
  return existsSync(inRoot(stamp)) && readFileSync(inRoot(stamp), 'utf8') === hash
}

export function writeStamp(stamp, hash) {
  mkdirSync(path.dirname(inRoot(stamp)), { recursive: true })
  writeFileSync(inRoot(stamp), hash)
}
