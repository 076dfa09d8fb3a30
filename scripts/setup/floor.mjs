// Why: the benchmark's floor is a C++ program that sends the same messages as Slipway and does nothing else. It
// must be of the same sources, libraries and optimization as the run it is measured beside.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { run, step } from './say.mjs'
import { filesUnder, hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const stamp = 'build/.floor'
const program = 'build/floor/floor'
const whole = 'build/floor/floor.cc'

export function ensureFloor() {
  const files = filesUnder('bench/floor')
  const sources = files.filter((file) => file.endsWith('.cc'))
  if (sources.length === 0) return
  const hash = hashOf(files, process.arch)
  if (existsSync(inRoot(program)) && stampIs(stamp, hash)) return
  step("compiling the benchmark's floor", () => {
    mkdirSync(inRoot('build/floor'), { recursive: true })
    // All sources in one file, as most of the time is that of their headers. glibc's come before the kernel's, as in
    // native/folders.cjs.
    const headers = ['<net/if.h>', '<netinet/in.h>', ...sources.map((source) => `"../../${source}"`)]
    writeFileSync(inRoot(whole), headers.map((header) => `#include ${header}\n`).join(''))
    const flags = run('pkg-config', ['--cflags', '--libs', 'libmnl', 'libnftnl']).stdout.trim().split(/\s+/)
    const { stderr } = run(
      'g++',
      ['-std=c++20', '-O3', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-pthread', whole, '-o', program, ...flags],
      { cwd: root, sentence: "The benchmark's floor did not compile." },
    )
    process.stderr.write(stderr)
  })
  writeStamp(stamp, hash)
}
