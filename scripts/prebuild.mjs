// Why: fills prebuilds/ with what the published package carries: an addon that every supported Node loads (N-API),
// and beside it the two libraries it is linked to, and the plugin of CNI, so that a consumer needs neither compiler nor
// libraries.
import { copyFileSync, cpSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import cni from '../native/cni/build.cjs'
import { fail, run, say, SetupError, step } from './setup/say.mjs'
import { nodeGypEnvironment, nodeGypScript } from './setup/node-gyp.mjs'
import { inRoot, root } from './setup/tree.mjs'

const carried = ['libmnl.so.0', 'libnftnl.so.11']
const folder = `prebuilds/linux-${process.arch}`
// prebuildify empties build/ and takes the addon out of it, so it gets a copy: the work tree's own build stays.
const copy = 'build-prebuild'

try {
  if (spawnSync(process.execPath, [inRoot('scripts/setup.mjs'), 'build'], { stdio: 'inherit' }).status !== 0)
    process.exit(1)
  step(`building ${folder}`, () => {
    for (const old of [folder, copy]) rmSync(inRoot(old), { recursive: true, force: true })
    mkdirSync(inRoot(copy))
    for (const input of ['package.json', 'binding.gyp', 'native'])
      cpSync(inRoot(input), inRoot(copy, input), { recursive: true })
    run(
      inRoot('node_modules/.bin/prebuildify'),
      ['--napi', '--strip', '--tag-libc', '--target', process.versions.node, '--cwd', copy, '--out', root],
      {
        cwd: root,
        env: { ...nodeGypEnvironment(), PREBUILD_NODE_GYP: nodeGypScript() },
        sentence: 'prebuildify failed.',
      },
    )
    const addon = inRoot(
      folder,
      readdirSync(inRoot(folder)).find((name) => name.endsWith('.node')),
    )
    const found = librariesOf(addon)
    for (const name of carried) {
      const source = found.get(name)
      if (!source) throw new SetupError(`The addon is not linked to ${name}: it needs ${[...found.keys()].join(' ')}.`)
      copyFileSync(realpathSync(source), inRoot(folder, name))
    }
    check(addon)
    // It runs wherever the addon does: there is nothing that it is linked to.
    process.stderr.write(cni.buildCni(inRoot(folder, 'slipway-cni'), cni.STATIC))
  })
  for (const name of readdirSync(inRoot(folder))) say(`  ${folder}/${name}`)
} catch (error) {
  fail(error)
}

// name → path, as the dynamic linker resolves it.
function librariesOf(file) {
  return new Map(
    [...run('ldd', [file]).stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)].map(([, name, where]) => [name, where]),
  )
}

// What goes wrong silently otherwise: a library taken from the system after all, or one more that is not carried.
function check(addon) {
  const system = new Set([
    'libc.so.6',
    'libm.so.6',
    'libpthread.so.0',
    'libdl.so.2',
    'ld-linux-x86-64.so.2',
    'ld-linux-aarch64.so.1',
  ])
  for (const [name, where] of librariesOf(addon)) {
    const ours = carried.includes(name)
    if (ours && path.dirname(where) !== path.dirname(addon))
      throw new SetupError(`${name} is taken from ${where}, not from beside the addon.`)
    if (!ours && !system.has(name)) throw new SetupError(`The addon needs ${name}, which a consumer may not have.`)
  }
}
