/** @internal */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CodeCache } from './base/code-cache.js'
import type * as whole from './whole.js'

/** Written by scripts/setup/bundle.mjs. */
declare const BUILD: string

/** Loads whole.ts with all that it imports. However often that is asked for, there is one of it. */
export function loadLibrary(): typeof whole {
  const cache = new CodeCache(import.meta.dirname, BUILD, createRequire(import.meta.url))
  const loaded = cache.load(join(import.meta.dirname, 'library.cjs')) as typeof whole
  process.once('exit', () => cache.keep('import'))
  return loaded
}
