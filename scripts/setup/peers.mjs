// Why: the benchmark measures the network programs of other container runtimes, too.
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { inRoot } from './tree.mjs'
import { SetupError } from './say.mjs'
import { unpack } from './unpack.mjs'

const folder = 'build-compare'

export function ensurePeers() {
  unpack(folder, 'cni', ['containernetworking-plugins'])
  // A program that is linked to the C library of its release: it gets that one.
  unpack(folder, 'netavark', ['netavark', 'libc6', 'libgcc-s1'])
  const [triplet, loader] = {
    x64: ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2'],
    arm64: ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'],
  }[process.arch]
  const libraries = inRoot(folder, 'netavark/usr/lib', triplet)
  const program = inRoot(folder, 'netavark/usr/lib/podman/netavark')
  for (const needed of [inRoot(folder, 'cni/usr/lib/cni/portmap'), program]) {
    if (!existsSync(needed)) throw new SetupError(`A package of Debian's has no ${needed} where it used to be.`)
  }
  const start = inRoot(folder, 'netavark/netavark')
  writeFileSync(start, `#!/bin/sh\nexec '${libraries}/${loader}' --library-path '${libraries}' '${program}' "$@"\n`)
  chmodSync(start, 0o755)
}
