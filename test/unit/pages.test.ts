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

/** Where this repository is: README.md is read on other sites and in node_modules, so its links are whole. */
const HERE = `${(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { homepage: string }).homepage.replace('#readme', '')}/blob/main/`

/** Links as they stand in the text: `[label]` and `[text][label]` have their address at the end of the page. */
function withAddresses(text: string): string {
  const addresses = new Map(
    [...text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, label = '', address = '']) => [label, address]),
  )
  return text
    .replace(/^\[[^\]]+\]: \S+$/gm, '')
    .replace(/\[([^\]]+)\](?:\[([^\]]+)\])?(?![(:])/g, (all, name: string, label: string = name) =>
      addresses.has(label) ? `[${name}](${addresses.get(label)})` : all,
    )
}

/** What is not code: commands and programs name files of others. Links into this repository begin at the page. */
const prose = (page: string) =>
  withAddresses(readFileSync(join(ROOT, page), 'utf8').replace(/^ *```.*?^ *```/gms, '')).replaceAll(
    `](${HERE}`,
    `](${'../'.repeat(page.split('/').length - 1)}`,
  )

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

test('each link of README.md is whole', (t) => {
  const readme = withAddresses(readFileSync(join(ROOT, 'README.md'), 'utf8'))
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  t.deepEqual(
    links.filter((link) => !/^(https:\/\/|#)/.test(link)),
    [],
  )
  t.true(links.filter((link) => link.startsWith(HERE)).length > 30)
})

test('docs/errors.md has every code, and no other', (t) => {
  const codes = (page: string, pattern: RegExp) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(pattern)].map(([, code]) => code).sort()
  t.deepEqual(codes('docs/errors.md', /^\| `([A-Z_]{4,})` \|/gm), codes('lib/base/errors.ts', /^ {2}\| '([A-Z_]+)'/gm))
})

test('each file and folder of the sources that a page names is there', (t) => {
  let named = 0
  for (const page of pages) {
    for (const [, path = ''] of prose(page).matchAll(
      /`((?:lib|native|test|scripts|bench|examples|docs)\/[\w./-]*\w\/?)`/g,
    )) {
      // NAME stands for any name; docs/api is made by `npm run docs`, for the package.
      if (/\bNAME\b|^docs\/api\//.test(path)) continue
      t.true(existsSync(join(ROOT, path)), `${page}: ${path}`)
      named++
    }
  }
  t.true(named > 60, String(named))
})
