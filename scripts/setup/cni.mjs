// Why: the program that runtimes call as a plugin of CNI follows native/cni/. It is no part of the addon, and is
// compiled in a second.
import { existsSync } from 'node:fs'
import cni from '../../native/cni/build.cjs'
import { SetupError, step } from './say.mjs'
import { filesUnder, hashOf, inRoot, stampIs, writeStamp } from './tree.mjs'

const program = 'build/slipway-cni'
const stamp = 'build/.cni'

export const CNI_SOURCES = 'native/cni/'

export function ensureCni() {
  const hash = hashOf([...filesUnder('native/cni'), ...filesUnder('native/base')], process.arch)
  if (existsSync(inRoot(program)) && stampIs(stamp, hash)) return
  step('compiling the plugin of CNI', () => {
    try {
      process.stderr.write(cni.buildCni(inRoot(program)))
    } catch (error) {
      throw new SetupError(`${error.message}The plugin of CNI did not compile.`)
    }
  })
  writeStamp(stamp, hash)
}
