// Why: what a process of the command loads and reads, for starting.test.ts, which has Node load this first. The list is
// written to the file that PROBE names, as JSON.
const fs = require('node:fs')

const { openSync, readFileSync } = fs
const opened = new Map()
const read = []

fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest)
  opened.set(descriptor, String(path))
  return descriptor
}
fs.readFileSync = (path, ...rest) => {
  read.push(typeof path === 'number' ? opened.get(path) : String(path))
  return readFileSync(path, ...rest)
}
const { dlopen } = process
process.dlopen = (module, path, ...rest) => {
  read.push(path)
  return dlopen(module, path, ...rest)
}
process.once('exit', () => {
  const builtins = process.moduleLoadList.flatMap((name) => /^NativeModule (?!internal)(\S+)/.exec(name)?.[1] ?? [])
  fs.writeFileSync(process.env.PROBE, JSON.stringify({ read, builtins }))
})
