// Why: the benchmark's floor is a C++ program that sends the same messages as Slipway and does nothing else. It
// must be of the same sources, libraries and optimization as the run it is measured beside.
import { existsSync, mkdirSync } from 'node:fs'
import { run, step } from './say.mjs'
import { filesUnder, hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const stamp = 'build/.floor'
const program = 'build/floor/floor'

export function ensureFloor() {
  const files = filesUnder('bench/floor')
  const sources = files.filter((file) => file.endsWith('.cc'))
  if (sources.length === 0) return
  const hash = hashOf(files, process.arch)
  if (existsSync(inRoot(program)) && stampIs(stamp, hash)) return
  step("compiling the benchmark's floor", () => {
    mkdirSync(inRoot('build/floor'), { recursive: true })
    const flags = run('pkg-config', ['--cflags', '--libs', 'libmnl', 'libnftnl']).stdout.trim().split(/\s+/)
    const { stderr } = run(
      'g++',
      ['-std=c++20', '-O3', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-pthread', ...sources, '-o', program, ...flags],
      { cwd: root, sentence: "The benchmark's floor did not compile." },
    )
    process.stderr.write(stderr)
  })
  writeStamp(stamp, hash)
}
