// Why: a compiler spends most of its time with a source of ours on headers, and the sources of a folder include the
// same ones. This writes one file for each folder of sources.txt, which includes the folder's sources, and prints the
// names of these files: they are what is compiled. binding.gyp and native/CMakeLists.txt call it. CommonJS without
// dependencies, as an installer must be.
//
//   node native/folders.cjs FOLDER      where the files go, from the root
'use strict'
const { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } = require('node:fs')
const path = require('node:path')

// glibc's headers come before the kernel's, which then leave out what glibc has defined. In the other order, both
// define it.
const FIRST = ['#include <net/if.h>', '#include <netinet/in.h>']

const root = path.resolve(__dirname, '..')
const out = process.argv[2]
mkdirSync(path.join(root, out), { recursive: true })

// The largest comes first, as the last to end would be waited for.
const folders = [...sourcesByFolder()].map(([folder, sources]) => ({ folder, sources, bytes: bytesOf(sources) }))
for (const { folder, sources } of folders.sort((a, b) => b.bytes - a.bytes)) {
  const file = path.posix.join(out, `${path.posix.basename(folder)}.cc`)
  const includes = sources.map((source) => `#include "${path.posix.relative(out, source)}"`)
  writeWhenChanged(path.join(root, file), [...FIRST, ...includes, ''].join('\n'))
  console.log(file)
}

function sourcesByFolder() {
  const lines = readFileSync(path.join(root, 'native/sources.txt'), 'utf8').split('\n')
  const sources = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')
  const byFolder = new Map()
  for (const source of sources) {
    const folder = path.posix.dirname(source)
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), source])
  }
  return byFolder
}

function bytesOf(sources) {
  return sources.reduce((bytes, source) => bytes + statSync(path.join(root, source)).size, 0)
}

// make compiles again what was written again.
function writeWhenChanged(file, text) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text)
}
