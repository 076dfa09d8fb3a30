import type { ExecutionContext } from 'ava'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Operation, Plan } from '#lib/plan/operation.js'

/** Makes plans fail, by an operation exchanged for one that the kernel refuses. For one test at a time in a process. */
export class Refuser {
  #wanted: ((plan: Plan) => boolean) | undefined
  #index: number | undefined
  #seen: Plan | undefined

  constructor(t: ExecutionContext) {
    const { run } = Host.prototype
    const refuse = (plan: Plan) => this.#refuse(plan)
    Host.prototype.run = function (this: Host, plan: Plan, options?: RunOptions) {
      const index = refuse(plan)
      if (index !== undefined) this.refuseNext = index
      return run.call(this, plan, options)
    }
    t.teardown(() => {
      Host.prototype.run = run
    })
  }

  #refuse(plan: Plan): number | undefined {
    if (!this.#wanted?.(plan)) return undefined
    this.#seen = plan
    return this.#index
  }

  /**
   * Runs some work; each plan that is wanted meets a refusal at this operation, or at none. @returns the last such
   * plan.
   */
  async during(
    wanted: (plan: Plan) => boolean,
    index: number | undefined,
    work: () => Promise<unknown>,
  ): Promise<Plan> {
    this.#wanted = wanted
    this.#index = index
    this.#seen = undefined
    try {
      await work()
    } finally {
      this.#wanted = undefined
    }
    if (!this.#seen) throw new Error('no such plan was run')
    return this.#seen
  }
}

/** What of a sandbox's removal is done before it returns. */
export const isRemoval = (plan: Plan): boolean =>
  plan[0]?.op === 'file.replace' && plan[0].content.includes('"removing":true')

/** Plans that have an operation of a kind. */
export const having =
  (op: Operation['op']) =>
  (plan: Plan): boolean =>
    plan.some((operation) => operation.op === op)
