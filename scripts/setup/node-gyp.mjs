// Why: npm carries node-gyp, so no copy of our own is needed; where it is depends on how npm was installed. And
// Node's headers usually lie beside Node: with those named, nothing has to be downloaded.
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { run, SetupError } from './say.mjs'
import { root } from './tree.mjs'

export function nodeGyp(args, options = {}) {
  return run(process.execPath, [nodeGypScript(), ...args], { cwd: root, env: nodeGypEnvironment(), ...options })
}

export function nodeGypEnvironment() {
  const beside = path.resolve(path.dirname(process.execPath), '..')
  if (process.env.npm_config_nodedir || !existsSync(path.join(beside, 'include/node/node_api.h'))) return process.env
  return { ...process.env, npm_config_nodedir: beside }
}

// npm names its node-gyp to the scripts that it runs; without npm, look where npm itself is.
export function nodeGypScript() {
  if (process.env.npm_config_node_gyp) return process.env.npm_config_node_gyp
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const npm = path.join(folder, 'npm')
    if (!existsSync(npm)) continue
    const script = path.resolve(path.dirname(realpathSync(npm)), '../node_modules/node-gyp/bin/node-gyp.js')
    if (existsSync(script)) return script
  }
  throw new SetupError('node-gyp was not found beside npm. Type: npm run compile')
}
