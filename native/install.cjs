// Why: what npm runs when somebody installs the package. A prebuilt addon that loads here is all that is needed;
// else the addon is compiled, and what is missing for that is said first, in one sentence. Nothing of the
// system's is installed. CommonJS without dependencies but node-gyp-build, as an installer must be.
'use strict'
const { spawnSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const path = require('node:path')

const root = path.resolve(__dirname, '..')

// In the repository `npm ci` may run before Debian's packages are there: scripts/setup.mjs (never published) builds.
if (existsSync(path.join(root, 'scripts/setup.mjs'))) process.exit(0)

if (process.env.npm_config_build_from_source !== 'true' && prebuiltLoads()) process.exit(0)

const { missingToCompile } = require('./preflight.cjs')
const sentence = missingToCompile()
if (sentence !== undefined) {
  console.error(`slipway: ${sentence}`)
  process.exit(1)
}
process.exit(compile())

function prebuiltLoads() {
  try {
    require('node-gyp-build')(root)
    return true
  } catch {
    return false
  }
}

function compile() {
  const env = { ...process.env }
  // Node's headers usually lie beside Node: with those named, nothing is downloaded.
  const beside = path.resolve(path.dirname(process.execPath), '..')
  if (!env.npm_config_nodedir && existsSync(path.join(beside, 'include/node/node_api.h'))) env.npm_config_nodedir = beside
  // npm names its own node-gyp, and puts it on PATH too; other package managers do the latter.
  const [command, ...args] = env.npm_config_node_gyp ? [process.execPath, env.npm_config_node_gyp] : ['node-gyp']
  const { status, error } = spawnSync(command, [...args, 'rebuild'], { cwd: root, env, stdio: 'inherit' })
  if (error) console.error(`slipway: node-gyp could not be run (${error.message}).`)
  return status ?? 1
}
