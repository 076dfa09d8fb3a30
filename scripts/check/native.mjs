// Why: clang-tidy reads each file with all of Node's headers, which takes seconds a file. It is run on demand, and
// weekly.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { filesUnder, inRoot, root } from '../setup/tree.mjs'

export const nativeSources = () => ['native', 'bench'].flatMap(filesUnder).filter((file) => /\.(cc|h)$/.test(file))

const compiled = () => filesUnder('native').filter((file) => file.endsWith('.cc'))

export function tidy() {
  const headers = [inRoot('node_modules/node-addon-api'), path.join(path.dirname(process.execPath), '../include/node')]
  const flags = [
    '-std=c++20',
    '-D_GNU_SOURCE',
    '-DNAPI_VERSION=9',
    '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
    '-Inative',
    ...headers.map((folder) => `-isystem${folder}`),
  ]
  // As many at once as there are CPUs, some files each.
  const { stdout } = spawnSync(
    'sh',
    [
      '-c',
      `printf '%s\\n' "$FILES" | xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- '"$FLAGS"' 2>/dev/null' _`,
    ],
    { cwd: root, encoding: 'utf8', env: { ...process.env, FILES: compiled().join('\n'), FLAGS: flags.join(' ') } },
  )
  return stdout.split('\n').filter((line) => / (error|warning): /.test(line))
}
