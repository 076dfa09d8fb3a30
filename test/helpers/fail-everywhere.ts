import type { ExecutionContext } from 'ava'
import { SlipwayError } from '#lib/index.js'
import type { Plan } from '#lib/plan/operation.js'
import { Refuser } from './refuse.js'
import { momentsOf } from './thorough.js'

/** Every fourth operation is refused in a run of `npm test`, others in each. */
const STEP = 6

/**
 * Tries a call once for operations of its plan, each time refused at another one; then once without. All of them are
 * tried by `npm run test:long`.
 */
export async function failEverywhere(
  t: ExecutionContext,
  wanted: (plan: Plan) => boolean,
  call: () => Promise<unknown>,
  afterEach: (what: string) => Promise<void>,
): Promise<void> {
  const refuser = new Refuser(t)
  const { first, step } = momentsOf(STEP)
  for (let index = first - 1; ; index += step) {
    const { plan, error } = await attempt(refuser, wanted, index, call)
    const operation = plan[index]
    if (!operation) {
      t.is(error, undefined, 'without a refusal it succeeds')
      return
    }
    const what = `operation ${index}, ${operation.op}`
    t.true(error instanceof SlipwayError, `${what}: ${String(error)}`)
    t.deepEqual((error as SlipwayError).notUndone, [], what)
    await afterEach(what)
  }
}

/** A call whose plan is refused at an operation, and the error that it ends with. */
export async function attempt(
  refuser: Refuser,
  wanted: (plan: Plan) => boolean,
  index: number,
  call: () => Promise<unknown>,
) {
  let error: unknown
  const plan = await refuser.during(wanted, index, () => call().catch((reason: unknown) => (error = reason)))
  return { plan, error }
}
