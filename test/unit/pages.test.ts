import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

/** What the pages of this repository point at is there: pages, headings of pages, and files of the sources. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = ['.', '.github', 'docs', 'bench', 'prebuilds', 'test/compare', 'test/golden']

const pages = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)

/** What is not code: commands and programs name files of others. */
const prose = (page: string) => readFileSync(join(ROOT, page), 'utf8').replace(/^ *```.*?^ *```/gms, '')

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string) =>
  [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

test('each link of a page leads to a file, and to a heading there', (t) => {
  let links = 0
  for (const page of pages) {
    for (const [link, path = '', anchor] of prose(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const target = path === '' ? page : join(dirname(page), path)
      t.true(existsSync(join(ROOT, target)), `${page}: ${link}`)
      if (anchor !== undefined && existsSync(join(ROOT, target)))
        t.true(anchorsOf(target).includes(anchor), `${page}: ${link}`)
      links++
    }
  }
  t.true(links > 60, String(links))
})

test('each file and folder of the sources that a page names is there', (t) => {
  let named = 0
  for (const page of pages) {
    for (const [, path = ''] of prose(page).matchAll(
      /`((?:lib|native|test|scripts|bench|examples|docs)\/[\w./-]*\w\/?)`/g,
    )) {
      // NAME stands for any name.
      if (/\bNAME\b/.test(path)) continue
      t.true(existsSync(join(ROOT, path)), `${page}: ${path}`)
      named++
    }
  }
  t.true(named > 60, String(named))
})
