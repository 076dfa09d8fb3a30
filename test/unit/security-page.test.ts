import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'

const ROOT = new URL('../../', import.meta.url)

test('the tests that docs/security.md names are there', (t) => {
  const page = readFileSync(new URL('docs/security.md', ROOT), 'utf8')
  const named = [...page.matchAll(/`((?:test\/\w+\/)?[\w-]+\.test\.ts)`/g)].map(([, name = '']) => name)
  t.true(named.length > 30)
  const folders = ['', 'test/kernel/', 'test/unit/', 'test/env/']
  t.deepEqual(
    named.filter((name) => !folders.some((folder) => existsSync(new URL(folder + name, ROOT)))),
    [],
  )
})
