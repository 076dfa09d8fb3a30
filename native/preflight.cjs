// Why: without a compiler or a header a source build ends in pages of node-gyp's output. This says in one
// sentence what is missing and what to type, before it begins.
'use strict'
const { spawnSync } = require('node:child_process')

const needs = [
  { command: ['g++', '--version'], what: 'a C++20 compiler (g++)', package: 'g++' },
  { command: ['make', '--version'], what: 'make', package: 'make' },
  { command: ['python3', '--version'], what: 'Python 3', package: 'python3' },
  { command: ['pkg-config', '--version'], what: 'pkg-config', package: 'pkg-config' },
  { command: ['pkg-config', '--exists', 'libmnl'], what: "libmnl's headers", package: 'libmnl-dev' },
  { command: ['pkg-config', '--exists', 'libnftnl'], what: "libnftnl's headers", package: 'libnftnl-dev' },
]

// Returns a sentence, or undefined when the addon can be compiled here.
exports.missingToCompile = function missingToCompile() {
  if (process.platform !== 'linux') return 'Slipway speaks to the Linux kernel and runs on Linux only.'
  const missing = needs.filter((need) => !succeeds(need.command))
  if (missing.length === 0) return undefined
  return `no prebuilt addon of Slipway runs on this machine (${process.platform} ${process.arch}), and to compile one ` +
    `${list(missing.map((need) => need.what))} ${missing.length === 1 ? 'is' : 'are'} missing; on Debian or Ubuntu type: ` +
    `sudo apt-get install ${missing.map((need) => need.package).join(' ')}`
}

function succeeds([command, ...args]) {
  // A compiler chosen by CXX counts as the compiler.
  const chosen = command === 'g++' && process.env.CXX ? process.env.CXX : command
  return spawnSync(chosen, args, { stdio: 'ignore' }).status === 0
}

function list(words) {
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
