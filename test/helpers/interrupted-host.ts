import { Host } from '#lib/kernel/host.js'
import type { Questions } from '#lib/kernel/native.js'
import type { Namespace, Plan } from '#lib/plan/operation.js'

type Name = keyof Questions

/**
 * A host on which others do something at a moment of our choice: what is asked and run here is asked of the kernel and
 * run by it.
 */
export class InterruptedHost extends Host {
  /** Every plan that was run. */
  readonly ran: Plan[] = []
  #afterAnswer: { name: Name; work: () => Promise<unknown> } | undefined
  #beforeRun: (() => Promise<unknown>) | undefined

  /** Once, between the next answer to a question of this name and what is made of it. */
  afterAnswer(name: Name, work: () => Promise<unknown>): void {
    this.#afterAnswer = { name, work }
  }

  /** Once, between the thought of the next plan and its beginning. */
  beforeRun(work: () => Promise<unknown>): void {
    this.#beforeRun = work
  }

  override async ask<Asked extends Name>(
    name: Asked,
    question: Questions[Asked]['question'],
    later?: boolean,
  ): Promise<Questions[Asked]['answer']> {
    try {
      return await super.ask(name, question, later)
    } finally {
      const after = this.#afterAnswer
      if (after?.name === name) {
        this.#afterAnswer = undefined
        await after.work()
      }
    }
  }

  override async run(plan: Plan): Promise<Namespace | undefined> {
    this.ran.push(plan)
    const before = this.#beforeRun
    this.#beforeRun = undefined
    await before?.()
    return super.run(plan)
  }
}
