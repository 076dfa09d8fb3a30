// Why: what others have written for Docker's API is tried with the server. It has a lockfile of its own: who works on
// Slipway needs none of it, and it brings more packages than Slipway has.
import { cpSync, mkdirSync } from 'node:fs'
import { run, step } from './say.mjs'
import { hashOf, inRoot, stampIs, writeStamp } from './tree.mjs'

const files = ['test/clients/package.json', 'test/clients/package-lock.json']
const folder = 'build-compare/clients'

export function ensureClients() {
  const stamp = `${folder}/node_modules/.slipway-lockfile`
  const hash = hashOf(files)
  if (stampIs(stamp, hash)) return
  step("installing clients of Docker's API", () => {
    mkdirSync(inRoot(folder), { recursive: true })
    for (const file of files) cpSync(inRoot(file), inRoot(folder, file.split('/').at(-1)))
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: inRoot(folder),
      sentence: 'npm packages could not be installed.',
    })
  })
  writeStamp(stamp, hash)
}
