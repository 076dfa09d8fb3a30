import type { CreateNetworkOptions, CreateOptions, OpenOptions } from '#lib/index.js'
import type { Fault } from '../../helpers/faults/faults.js'
import type { Moments } from '../../helpers/thorough.js'

/** What a scenario is told, in JSON. */
export interface Options {
  open: OpenOptions
  /** Names of sandboxes begin so. */
  prefix: string
  count?: number
  /** First host port, one for each sandbox. */
  port?: number
  create?: CreateOptions[]
  networks?: CreateNetworkOptions[]
  /** Milliseconds. */
  wait?: number
  /** Of what is random. */
  seed?: number
  /** A control group of its own (limits.ts). */
  group?: string
  /** What calls meet (troubles.ts), which do, and at which moments. */
  troubles?: { fault: Fault; calls: string[]; moments: Moments }[]
}

/** Says something to the test: a line of JSON. */
export const say = (what: unknown) => void process.stdout.write(`${JSON.stringify(what)}\n`)

export const name = ({ prefix }: Options, index: number | string) => `${prefix}-${index}`

export const publishing = ({ port }: Options, index: number): CreateOptions =>
  port === undefined ? {} : { publish: [`${port + index}:80`] }

export const turn = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const describe = (error: unknown) => ({
  code: (error as { code?: string }).code,
  message: (error as Error).message,
})
