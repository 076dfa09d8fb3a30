import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'

const LIB = new URL('../../lib/', import.meta.url).pathname
const OWN = 'base/timers.ts'

test('the library uses the timers that it found when it was loaded, and none that a test has faked since', (t) => {
  const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('cli/') && file !== OWN,
  )
  t.true(sources.length > 50)
  for (const file of sources) {
    const text = readFileSync(join(LIB, file), 'utf8')
    t.notRegex(text, /from 'node:timers/, file)
    const code = text.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')
    const imported = /import \{ (.*) \} from '[./a-z]*\/timers\.js'/.exec(text)?.[1]?.split(', ') ?? []
    const used = new Set(
      [
        ...code.matchAll(
          /(?<![\w.#])(set(?:Timeout|Interval|Immediate)|clear(?:Timeout|Interval|Immediate)|queueMicrotask)\(/g,
        ),
      ].map(([, name = '']) => name),
    )
    for (const name of used) t.true(imported.includes(name), `${file}: ${name}`)
    // Clocks and what comes at the end of a turn are faked, too, by some.
    for (const faked of [/\bperformance\.now\b/, /\bDate\.now\b/, /\bnew Date\(\)/, /\bprocess\.(nextTick|hrtime)\b/])
      t.notRegex(code, faked, file)
  }
})

test('no time of day is subtracted from another but where either may be the later one', (t) => {
  const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(
    // Of filters, the caller says how long ago; and until when events are wanted, which may be over.
    (file) => file.endsWith('.ts') && ![OWN, 'base/filters.ts', 'servers/docker/events/stream.ts'].includes(file),
  )
  for (const file of sources)
    t.notRegex(readFileSync(join(LIB, file), 'utf8'), /clock\.time\(\) - |- clock\.time\(\)/, file)
})
