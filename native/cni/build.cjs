// Why: slipway-cni is one small program without libraries, and is built in a second by a compiler alone: for tests
// (scripts/setup/cni.mjs), for the package (scripts/prebuild.mjs) and where that is compiled (install.cjs).
// CommonJS without dependencies, as an installer must be.
//
//   node native/cni/build.cjs FILE      what is made
'use strict'
const { spawnSync } = require('node:child_process')
const { mkdirSync, readdirSync } = require('node:fs')
const path = require('node:path')

const native = path.resolve(__dirname, '..')

const FLAGS = [
  '-std=c++20',
  '-O2',
  '-Wall',
  '-Wextra',
  '-D_GNU_SOURCE',
  '-fno-exceptions',
  '-fno-rtti',
  '-fPIE',
  '-ffunction-sections',
  '-fdata-sections',
  '-fstack-protector-strong',
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=2',
  `-I${native}`,
  `-DSLIPWAY_VERSION="${require('../../package.json').version}"`,
]
// libstdc++ is left out: what of it is used is in headers.
const LINKED = ['-nodefaultlibs', '-Wl,--gc-sections', '-Wl,-z,relro', '-Wl,-z,now', '-s']
// Nothing of the machine's is loaded at its start; where there is no libc for that, it is loaded.
const WAYS = [
  ['-static-pie', '-Wl,--start-group', '-lc', '-lgcc', '-lgcc_eh', '-Wl,--end-group'],
  ['-pie', '-lc', '-lgcc'],
]

// Returns what the compiler has to say, or throws it.
function buildCni(file, ways = WAYS) {
  // All in one, as most of the time is that of headers.
  const sources = readdirSync(__dirname).filter((name) => name.endsWith('.cc'))
  const input = sources.map((name) => `#include "cni/${name}"\n`).join('')
  mkdirSync(path.dirname(file), { recursive: true })
  let said = ''
  for (const way of ways) {
    const args = [...FLAGS, '-x', 'c++', '-', '-o', file, '-x', 'none', ...LINKED, ...way]
    const { status, stderr, error } = spawnSync(process.env.CXX || 'g++', args, { encoding: 'utf8', input })
    if (status === 0) return stderr
    said = error ? error.message : stderr
  }
  throw new Error(said)
}

module.exports = { buildCni, STATIC: WAYS.slice(0, 1) }

if (require.main === module) process.stderr.write(buildCni(path.resolve(process.argv[2])))
