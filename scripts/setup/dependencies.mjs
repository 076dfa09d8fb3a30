// Why: node_modules follows package-lock.json exactly, and is left alone while that has not changed.
import { run, step } from './say.mjs'
import { hashOf, root, stampIs, writeStamp } from './tree.mjs'

// Inside node_modules, so that who deletes the folder deletes the belief that it is right.
const stamp = 'node_modules/.slipway-lockfile'

export function ensureDependencies() {
  const hash = hashOf(['package-lock.json'])
  if (stampIs(stamp, hash)) return
  step('installing npm packages', () => {
    // No scripts: the addon is built by the step after this one, and no dependency has anything to run.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      sentence: 'npm packages could not be installed.',
    })
  })
  writeStamp(stamp, hash)
}
