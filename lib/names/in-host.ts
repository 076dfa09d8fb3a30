import { SlipwayError } from '../base/errors.js'
import { explainTrouble } from '../base/trouble.js'
import { enter, type NativeFailure } from '../kernel/native.js'
import { describeFailure } from '../kernel/refusal.js'
import type { InHost } from './resolver/ask.js'

/** How something is done in the host's namespace. @param netns - Its path. Default: the one of this process. */
export const inHostOf =
  (netns: string | undefined): InHost =>
  (work) =>
    netns === undefined ? work() : enterHost(netns, work)

/** What fails inside is the caller's. @throws {SlipwayError} `KERNEL` */
function enterHost<T>(netns: string, work: () => T): T {
  try {
    return enter(netns, work)
  } catch (error) {
    const { failure } = error as { failure?: NativeFailure }
    if (!failure) throw error
    const refusal = describeFailure(failure, `nsenter --net=${netns}`)
    const [code, message] = explainTrouble(refusal) ?? [
      'KERNEL',
      `The network namespace ${netns}, where a network's names are served, could not be entered: ${refusal.errnoName}.`,
    ]
    throw new SlipwayError(code, message, refusal, { cause: error })
  }
}
