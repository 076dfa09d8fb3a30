// Why: build/Release/slipway.node follows native/, and is left alone while that has not changed. The build is
// the one that the published package uses (binding.gyp).
import { existsSync } from 'node:fs'
import { CNI_SOURCES } from './cni.mjs'
import { nodeGyp } from './node-gyp.mjs'
import { step } from './say.mjs'
import { filesUnder, hashOf, inRoot, stampIs, writeStamp } from './tree.mjs'

const stamp = 'build/.addon'

export function ensureAddon() {
  const hash = hashOf(
    [
      'binding.gyp',
      'node_modules/node-addon-api/package.json',
      ...filesUnder('native').filter((file) => !file.startsWith(CNI_SOURCES)),
    ],
    process.arch,
  )
  if (existsSync(inRoot('build/Release/slipway.node')) && stampIs(stamp, hash)) return
  step('compiling the addon', () => {
    const { stdout, stderr } = nodeGyp(['configure', 'build', '--jobs=max', '--loglevel=error'], {
      sentence: 'The addon did not compile.',
    })
    const warnings = stdout + stderr
    if (warnings.includes('warning:')) process.stderr.write(warnings)
  })
  writeStamp(stamp, hash)
}
