import { sleep } from '../../base/timers.js'
import type { Context } from '../../work/context.js'
import { ok, type Finding } from './finding.js'

export type Check = (context: Context) => Promise<Finding[]>

/** In milliseconds: a process makes, changes or removes a thing in less. */
const PATIENCE_MS = 250
const LOOKS = 3

/**
 * What processes are in the middle of looks damaged for a moment, each thing for a moment of its own: what
 * is amiss is looked at again, and only what is found each time is told.
 */
export const foundTwice =
  (check: Check): Check =>
  async (context) => {
    let found = await check(context)
    for (let look = 1; look < LOOKS && found.some(isAmiss); look++) {
      await sleep(PATIENCE_MS)
      const before = new Set(found.map(({ finding }) => finding))
      const again = await check(context)
      const stays = again.filter((one) => !isAmiss(one) || before.has(one.finding))
      const [first] = again
      found =
        stays.length > 0 || !first ? stays : [ok(first.check, 'processes make and remove some of it at this moment')]
    }
    return found
  }

const isAmiss = ({ status }: Finding): boolean => status !== 'ok'
