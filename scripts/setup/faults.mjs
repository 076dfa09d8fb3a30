// Why: build-test/faults.so, which tests preload to meet what a kernel can't be made to do on purpose, follows its
// source.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { SetupError, step } from './say.mjs'
import { hashOf, inRoot, stampIs, writeStamp } from './tree.mjs'

const source = 'test/helpers/faults/faults.c'
const library = 'build-test/faults.so'
const stamp = 'build-test/.faults'

export function ensureFaults() {
  const hash = hashOf([source], process.arch)
  if (existsSync(inRoot(library)) && stampIs(stamp, hash)) return
  mkdirSync(inRoot('build-test'), { recursive: true })
  step('compiling what tests preload', () => {
    const args = [
      '-shared',
      '-fPIC',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-o',
      inRoot(library),
      inRoot(source),
      '-ldl',
    ]
    const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' })
    if (status !== 0) throw new SetupError(`${source} did not compile.\n${stderr}`)
  })
  writeStamp(stamp, hash)
}
