// Why: where the package has no prebuilt plugin of CNI for this machine, it is compiled when the package is installed.
// Who needs none is told, and nothing else. CommonJS without dependencies, as an installer must be.
'use strict'
const { existsSync } = require('node:fs')
const path = require('node:path')
const { buildCni } = require('./build.cjs')

const root = path.resolve(__dirname, '../..')
// In the repository, scripts/setup.mjs builds it.
const isThere = ['scripts/setup.mjs', `prebuilds/linux-${process.arch}/slipway-cni`].some((file) =>
  existsSync(path.join(root, file)),
)

try {
  if (!isThere) buildCni(path.join(root, 'build/Release/slipway-cni'))
} catch (error) {
  console.error(`slipway: slipway-cni (docs/cni.md) did not compile, and is left out.\n${error.message}`)
}
