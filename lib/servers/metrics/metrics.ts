import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Histogram, Registry } from 'prom-client'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import { clock } from '../../base/timers.js'
import type { SlipwayEvent } from '../../events/event.js'
import type { PlanMessage } from '../../kernel/host.js'
import type { RequestTally } from './measured.js'
import { addHostGauges } from './host-gauges.js'
import { addProcessGauges } from './process-gauges.js'

/** In seconds: from a sandbox of the pool to a call that waits for others. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What the server counts and measures, in Prometheus' text format. */
export class Metrics implements RequestTally {
  readonly #registry = new Registry()
  readonly #count: () => Promise<void>
  readonly #requests = new Histogram({
    name: 'slipway_request_duration_seconds',
    help: 'How long requests took from their turn to their answer.',
    labelNames: ['protocol', 'method', 'status'],
    buckets: BUCKETS,
    registers: [this.#registry],
  })
  readonly #refusals = new Counter({
    name: 'slipway_refusals_total',
    help: 'Requests that were not done, by the code of the error.',
    labelNames: ['protocol', 'code'],
    registers: [this.#registry],
  })
  readonly #plans = new Histogram({
    name: 'slipway_plan_duration_seconds',
    help: 'How long the kernel took for the plans of this process: what is done at once, or not at all.',
    labelNames: ['ahead'],
    buckets: BUCKETS,
    registers: [this.#registry],
  })
  readonly #events = new Counter({
    name: 'slipway_events_total',
    help: 'What others have damaged, what was given back or lost, and what is in the way.',
    labelNames: ['type', 'action'],
    registers: [this.#registry],
  })

  constructor(slipway: Slipway) {
    this.#count = addHostGauges(this.#registry, slipway)
    addProcessGauges(this.#registry, clock.time() / 1000)
    subscribe('slipway:plan', this.#measurePlan)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async print(): Promise<string> {
    await this.#count()
    return this.#registry.metrics()
  }

  answered({ seconds, ...labels }: { protocol: string; method: string; status: number; seconds: number }): void {
    this.#requests.observe(labels, seconds)
  }

  refused({ protocol, error }: { protocol: string; error: unknown }): void {
    this.#refusals.inc({ protocol, code: error instanceof SlipwayError ? error.code : 'OTHER' })
  }

  heard({ type, action }: SlipwayEvent): void {
    this.#events.inc({ type, action })
  }

  close(): void {
    unsubscribe('slipway:plan', this.#measurePlan)
  }

  readonly #measurePlan = (message: unknown): void => {
    const { phases, ahead = false } = message as PlanMessage
    const microseconds = phases.reduce((sum, phase) => sum + phase.microseconds, 0)
    this.#plans.observe({ ahead: String(ahead) }, microseconds / 1e6)
  }
}
