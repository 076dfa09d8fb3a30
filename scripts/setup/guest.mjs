// Why: a guest (scripts/guest.mjs) has a kernel of Debian's with all its modules, and the machine's own programs. So no
// more is made than that kernel, unpacked, and the few files that lead from its start to those programs: build-guest/.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { run, step, SetupError } from './say.mjs'
import { hashOf, inRoot, stampIs, writeStamp } from './tree.mjs'
import { unpack } from './unpack.mjs'

const folder = 'build-guest'
const init = 'scripts/guest/init.sh'

// The older of the Debian releases that many have: what its kernel takes, newer ones take too.
export const defaultRelease = 'bookworm'

// What the guest needs before it sees the machine's files: a way out for what the tests print, a way to the files, and
// a layer above them to write to.
const early = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay']

// Folders of the modules that a guest loads.
const uncompressed = ['arch', 'crypto', 'fs', 'lib', 'net', 'drivers/char', 'drivers/net', 'drivers/virtio']

// Where a guest with the kernel of a Debian release finds its parts.
export function guestParts(release) {
  const kernel = inRoot(folder, release)
  const version = readdirSync(inRoot(folder, release, 'boot'))
    .find((name) => name.startsWith('vmlinuz-'))
    ?.slice('vmlinuz-'.length)
  if (!version) throw new SetupError(`Debian's kernel of ${release} has no vmlinuz where it used to be.`)
  // Newer releases have no /lib that is apart from /usr/lib.
  const modules = ['lib/modules', 'usr/lib/modules']
    .map((each) => path.join(kernel, each))
    .find((each) => existsSync(path.join(each, version)))
  if (!modules) throw new SetupError(`Debian's kernel ${version} has no modules where they used to be.`)
  return {
    version,
    modules,
    image: path.join(kernel, 'boot', `vmlinuz-${version}`),
    initramfs: inRoot(folder, `${release}.initramfs`),
  }
}

export function ensureGuest(release = defaultRelease) {
  if (process.arch !== 'x64')
    throw new SetupError(`The guest runs this machine's programs on a kernel for x86-64, and this is ${process.arch}.`)
  unpack(folder, release, ['linux-image-amd64'], { suite: release, needed: /^linux-(image|modules|binary)-\d/ })
  const parts = guestParts(release)
  const stamp = `${folder}/.${release}-initramfs`
  const hash = hashOf([init, 'scripts/setup/guest.mjs'], parts.version)
  if (existsSync(parts.initramfs) && stampIs(stamp, hash)) return
  step(`making the guest's first files for Linux ${parts.version}`, () => makeInitramfs(parts))
  writeStamp(stamp, hash)
}

function makeInitramfs({ version, modules, initramfs }) {
  const base = path.join(modules, '..', '..')
  const sentence = "The guest's first files could not be made."
  // A module that is compressed takes the guest a second, and nf_tables alone asks for ten.
  const uncompress = 'cd "$1/kernel" && shift && find "$@" -name "*.xz" -print0 | xargs -0 -r -P 2 -n 50 xz -d'
  run('sh', ['-c', uncompress, 'sh', path.join(modules, version), ...uncompressed], { sentence })
  run('depmod', ['-b', base, version], { sentence, env: withSbin })

  const files = `${initramfs}.files`
  rmSync(files, { recursive: true, force: true })
  for (const each of ['bin', 'modules', 'dev', 'proc', 'sys', 'machine', 'layer', 'root'])
    mkdirSync(path.join(files, each), { recursive: true })
  copyFileSync(inRoot(init), path.join(files, 'init'))
  chmodSync(path.join(files, 'init'), 0o755)
  copyFileSync(
    run('sh', ['-c', 'command -v busybox'], { sentence, env: withSbin }).stdout.trim(),
    path.join(files, 'bin/busybox'),
  )
  earlyModules(base, version).forEach((module, index) => {
    copyFileSync(module, path.join(files, 'modules', `${String(index).padStart(2, '0')}-${path.basename(module)}`))
  })
  run('sh', ['-c', 'cd "$1" && find . | busybox cpio -o -H newc > "$2"', 'sh', files, initramfs], {
    sentence,
    env: withSbin,
  })
  rmSync(files, { recursive: true })
}

const withSbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

// Their files, each after those that it needs.
function earlyModules(base, version) {
  const { stdout } = run('modprobe', ['-d', base, '-S', version, '--show-depends', '--all', ...early], {
    sentence: `Debian's kernel ${version} lacks a module that the guest needs.`,
    env: withSbin,
  })
  // 'builtin NAME' needs no file.
  return [...new Set(stdout.split('\n').flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []))]
}
