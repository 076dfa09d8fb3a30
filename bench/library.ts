import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Slipway as programs import it. */
export type Library = typeof import('slipway')

/**
 * Slipway of this checkout, or of another one. The process has no other form of it then, so neither is measured with
 * the other's code in its memory.
 */
export const loadLibrary = (checkout: string | undefined): Promise<Library> =>
  checkout === undefined ? import('slipway') : (import(entryOf(checkout).href) as Promise<Library>)

/** What a program imports of a checkout. @throws {Error} when it is not built. */
export function entryOf(checkout: string): URL {
  const path = resolve(checkout, 'dist/index.js')
  if (!existsSync(path))
    throw new Error(`--against ${checkout}: it has no dist/index.js. Build it there: node scripts/setup.mjs bench`)
  return pathToFileURL(path)
}
