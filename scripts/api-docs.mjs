// Why: the reference of the API is made from the comments of the sources, never by hand: pages for readers of the
// package (docs/api), and a site (build-docs). An export without a comment, or a link that leads nowhere, is an error.
// typedoc reads another TypeScript than the sources are compiled with, so it lives in a folder of its own.
//
//   node scripts/api-docs.mjs
import { existsSync, rmSync } from 'node:fs'
import { hashOf, inRoot, stampIs, writeStamp } from './setup/tree.mjs'
import { fail, run, step } from './setup/say.mjs'

const folder = inRoot('scripts/api-docs')
const lockfile = 'scripts/api-docs/package-lock.json'
const stamp = 'scripts/api-docs/node_modules/.slipway'

try {
  const wanted = hashOf([lockfile])
  if (!stampIs(stamp, wanted)) {
    step('installing typedoc', () =>
      run('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
        cwd: folder,
        sentence: 'typedoc could not be installed.',
      }),
    )
    writeStamp(stamp, wanted)
  }
  step('writing the reference of the API', () => {
    for (const output of ['docs/api', 'build-docs']) rmSync(inRoot(output), { recursive: true, force: true })
    run(process.execPath, ['node_modules/typedoc/bin/typedoc', '--options', 'typedoc.json'], {
      cwd: folder,
      sentence: 'The reference could not be made: give each export that is named above a comment.',
    })
    if (!existsSync(inRoot('docs/api/README.md'))) throw new Error('typedoc has written no pages')
  })
} catch (error) {
  fail(error)
}
