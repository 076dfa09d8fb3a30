// Why: tests end a process in place of any of its messages to the kernel and file operations. What counts them is
// preloaded to it, and has to be compiled for this machine.
import { existsSync, mkdirSync } from 'node:fs'
import { run, step } from './say.mjs'
import { hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const source = 'test/kills/kill-before.cc'
const stamp = 'build/.killer'
const library = 'build/kill-before.so'

export function ensureKiller() {
  const hash = hashOf([source], process.arch)
  if (existsSync(inRoot(library)) && stampIs(stamp, hash)) return
  step('compiling what kills processes in tests', () => {
    mkdirSync(inRoot('build'), { recursive: true })
    run('g++', ['-std=c++20', '-O2', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-shared', '-fPIC', source, '-o', library], {
      cwd: root,
      sentence: `${source} did not compile.`,
    })
  })
  writeStamp(stamp, hash)
}
