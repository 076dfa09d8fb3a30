import test from 'ava'
import { findCallersBy, type Caller, type Output } from '#lib/cli/caller.js'
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
  t.teardown(() => findCallersBy(() => undefined))
  for (const [isTTY, env, colours] of rows) {
    const caller = { env: { TERM: 'xterm', ...env }, isTerminal: (output: Output) => output === 'stderr' && isTTY }
    findCallersBy(() => caller as unknown as Caller)
    const text = coloured('stderr', 'red', 'x')
    t.is(text, colours ? '\u001b[31mx\u001b[39m' : 'x', JSON.stringify([isTTY, env]))
  }
})
