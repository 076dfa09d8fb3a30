import { LOOK_AGAIN, retrying } from '../claims/retry.js'
import { now, sleep } from '../base/timers.js'
import { networksOf } from '../drivers/index.js'
import { networkRaceOf } from '../drivers/network-race.js'
import type { Host } from '../kernel/host.js'
import { isAlive } from '../store/maker.js'
import { MAKING_MS, isYoung, readNetworkRecord, specOf, type StoredNetwork } from '../store/network-records.js'

const STEP_MS = 10
/** Others may restore the same at once: this often it is looked at again. */
const TRIES = 16

/**
 * Gives a network back what somebody has flushed or deleted of it, bridge or elements. Where another process is making
 * it, that is waited for.
 *
 * @param records - Folder of the networks' records.
 * @param ensureRuleset - Has the ruleset whole.
 * @returns Whether something was missing.
 * @throws {SlipwayError} `CONFLICT` when something of somebody else's stands in its place.
 */
export function restoreNetwork(
  host: Host,
  records: string,
  stored: StoredNetwork,
  ensureRuleset: () => Promise<unknown>,
): Promise<boolean> {
  const { maker } = stored.record
  const spec = specOf(stored)
  const networks = networksOf(spec)
  let restored = false
  let wasRefused = false
  const isNew = isYoung(stored)
  const begun = now()
  return retrying(
    { host },
    {
      tries: TRIES,
      attempt: async () => {
        if (wasRefused && (await isRemoved(records, stored))) return false
        await ensureRuleset()
        const missing = await networks.missing(host, spec)
        if (missing.length === 0) return restored
        if (isNew && now() - begun < MAKING_MS && isAlive(maker)) {
          await sleep(STEP_MS)
          // Its maker was refused, or another has removed it.
          return (await isRemoved(records, stored)) ? false : LOOK_AGAIN
        }
        // Where its making was undone meanwhile, this is undone, too.
        await host.run([...missing, { op: 'file.check', path: stored.path, expected: stored.text }])
        restored = true
        return LOOK_AGAIN
      },
      remedy: (refused) => {
        wasRefused = true
        if (refused.operation.op === 'file.check') return 'again'
        return ['deleted a part', 'made it'].includes(networkRaceOf(networks, refused) ?? '') ? 'again' : undefined
      },
    },
  )
}

async function isRemoved(records: string, { record, text }: StoredNetwork): Promise<boolean> {
  return (await readNetworkRecord(records, record.name))?.text !== text
}
