// Why: package.json says where issues and vulnerabilities are reported. A package that names a repository which is not
// the one that it comes from would send them to strangers, so `npm publish` runs this first.
import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fail, say, SetupError } from './setup/say.mjs'
import { inRoot, root } from './setup/tree.mjs'

const plain = (url) =>
  url
    .trim()
    .replace(/^git\+/, '')
    .replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/, 'https://$1/')
    .replace(/\.git$/, '')
    .toLowerCase()

try {
  const { repository } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  const { stdout } = spawnSync('git', ['remote', '-v'], { cwd: root, encoding: 'utf8' })
  const remotes = [...stdout.matchAll(/^\S+\s+(\S+)/gm)].map(([, url]) => url)
  if (!remotes.map(plain).includes(plain(repository.url))) {
    const found = remotes.length === 0 ? 'has no remote' : `has the remotes ${[...new Set(remotes)].join(', ')}`
    throw new SetupError(
      `package.json names ${repository.url} as the repository, and this clone ${found}. Correct repository, homepage and bugs in package.json, and the links of README.md, before you publish.`,
    )
  }
  say(`published from ${repository.url}`)
} catch (error) {
  fail(error)
}
