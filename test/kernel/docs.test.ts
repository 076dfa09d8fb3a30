import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from 'slipway'
import { World } from '../helpers/world.js'

/** The code of the documents, from the first piece to the last, with what they say that it gives. */

const PIECE = /^```ts\n([\s\S]*?)^```$/gm
/** `expression   // → what it gives`; a statement that goes over several lines gives nothing. */
const GIVES = /^(.+?)\s+\/\/ → (.+)$/gm

/** A function has none. */
const IMPORT = /^import (\{.+\}) from ('.+')$/gm

type Check = (given: unknown, said: unknown, line: string) => void

/** Whole, with its checks as calls. */
function codeOf(text: string, document: string): string {
  const code = [...text.matchAll(PIECE)].map(([, piece = '']) => piece).join('\n')
  return code
    .replace(IMPORT, 'const $1 = await import($2)')
    .replace(
      GIVES,
      (_line, expression: string, said: string) =>
        `;check(await (${expression}), ${said}, ${JSON.stringify(`${document}: ${expression}`)});`,
    )
}

async function play(t: ExecutionContext, document: string): Promise<void> {
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8')
  const world = new World(t)
  const slipway = await world.open()
  const remove = async () => {
    for (const sandbox of await slipway.sandboxes.list()) await sandbox.remove()
  }
  let checked = 0
  const check: Check = (given, said, line) => {
    checked++
    t.deepEqual(given, said, line)
  }
  try {
    const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
      ...names: string[]
    ) => (slipway: Slipway, check: Check) => Promise<void>
    await new AsyncFunction('slipway', 'check', codeOf(text, document))(slipway, check)
  } finally {
    await remove()
  }
  t.is(checked, [...text.matchAll(/\/\/ → ./g)].length)
}

test.serial('networks.md', async (t) => {
  await play(t, 'networks.md')
})

test.serial('sockets.md', async (t) => {
  await play(t, 'sockets.md')
})

test.serial('names.md', async (t) => {
  await play(t, 'names.md')
})
