import test from 'ava'
import { coloured } from '#lib/cli/colour.js'

/** https://no-color.org, and FORCE_COLOR as Node.js has it. */

test('colours on a terminal, where nobody has said otherwise', (t) => {
  const rows: [boolean, NodeJS.ProcessEnv, boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { TERM: 'dumb' }, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { CLICOLOR_FORCE: '1' }, true],
  ]
  const before = process.env
  t.teardown(() => (process.env = before))
  for (const [isTTY, env, colours] of rows) {
    process.env = { TERM: 'xterm', ...env }
    const text = coloured({ isTTY } as NodeJS.WriteStream, 'red', 'x')
    t.is(text, colours ? '\u001b[31mx\u001b[39m' : 'x', JSON.stringify([isTTY, env]))
  }
})
