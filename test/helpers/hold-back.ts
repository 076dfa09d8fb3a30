import type { ExecutionContext } from 'ava'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'

/**
 * Holds back what is done behind the callers' backs, for as long as a test wants to look. For one test at a time in a
 * process.
 */
export class HeldBack {
  #open: () => void = () => undefined
  readonly #gate = new Promise<void>((resolve) => (this.#open = resolve))
  #refuse: ((plan: Plan) => number | undefined) | undefined

  constructor(t: ExecutionContext) {
    const { run } = Host.prototype
    const before = async (plan: Plan) => {
      await this.#gate
      return this.#refuse?.(plan)
    }
    Host.prototype.run = async function (this: Host, plan: Plan, options?: RunOptions) {
      const refused = options?.background ? await before(plan) : undefined
      // In one go with the call that takes it: another plan may be on its way to this host.
      if (refused !== undefined) this.refuseNext = refused
      return run.call(this, plan, options)
    }
    t.teardown(() => {
      this.letGo()
      Host.prototype.run = run
    })
  }

  letGo(): void {
    this.#open()
  }

  /** From now on, plans meet a refusal at the operation of this number. */
  refuse(index: ((plan: Plan) => number | undefined) | undefined): void {
    this.#refuse = index
  }
}
