import type { ExecutionContext } from 'ava'
import { SlipwayError } from '#lib/index.js'
import type { Plan } from '#lib/plan/operation.js'
import { Refuser } from './refuse.js'

/** Tries a call once for every operation of its plan, each time refused at another one; then once without. */
export async function failEverywhere(
  t: ExecutionContext,
  wanted: (plan: Plan) => boolean,
  call: () => Promise<unknown>,
  afterEach: (what: string) => Promise<void>,
): Promise<void> {
  const refuser = new Refuser(t)
  for (let index = 0; ; index++) {
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
