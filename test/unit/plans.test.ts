import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import type { Plan } from '#lib/plan/operation.js'
import { printPlan } from '#lib/plan/print.js'
import { kinds } from '../helpers/plans/kinds.js'
import { inParts } from '../helpers/plans/in-parts.js'
import { leaves } from '../helpers/plans/leaves.js'
import { modes } from '../helpers/plans/modes.js'
import { moves } from '../helpers/plans/moves.js'
import { routers } from '../helpers/plans/routers.js'
import { segments } from '../helpers/plans/segments.js'

// Golden plans: test/plans/NAME.txt is what is printed, for people to review. `UPDATE_PLANS=1` writes them anew.
// test/kernel/oracle.test.ts runs printed plans by a shell.

const folder = new URL('../../test/plans/', import.meta.url)
const update = process.env['UPDATE_PLANS'] === '1'

/** Plans that follow each other, each under the command that takes it. */
const printAll = (plans: Readonly<Record<string, Plan>>) =>
  Object.entries(plans)
    .map(([command, plan]) => `# slipway ${command}\n${printPlan(plan)}`)
    .join('\n')

const texts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(modes).map(([name, plan]) => [
      name,
      'rest' in plan ? printAll(inParts(name, plan)) : printPlan(plan),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ ...kinds, ...leaves, ...moves, ...routers, ...segments }).map(([name, plans]) => [
      name,
      printAll(plans),
    ]),
  ),
}

for (const [name, text] of Object.entries(texts)) {
  test(`the plan ${name}`, (t) => {
    const file = new URL(`${name}.txt`, folder)
    if (update) writeFileSync(file, text)
    t.true(existsSync(file), `${file.pathname} is missing: UPDATE_PLANS=1 writes it`)
    t.is(text, readFileSync(file, 'utf8'))
  })
}

test('every golden plan is still printed', (t) => {
  t.deepEqual(
    readdirSync(folder).sort(),
    Object.keys(texts)
      .map((name) => `${name}.txt`)
      .sort(),
  )
})
