/**
 * What Node.js imports as `slipway`: index.ts and all that it imports, with what V8 has compiled of that before, as
 * compiling takes half of an import. Bundlers import index.ts itself, by the condition `module` of package.json.
 *
 * @internal
 */
import { loadLibrary } from './load-library.js'

export const { Slipway, SlipwayError, readDaemonConfig } = loadLibrary()
