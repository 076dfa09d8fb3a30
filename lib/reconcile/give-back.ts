import { claimSandbox } from '../drivers/bridge.js'
import { SlipwayError } from '../errors.js'
import * as sets from '../firewall/sets.js'
import { FAMILIES } from '../network/spec.js'
import type { Context } from '../sandbox/context.js'
import { Slices } from '../slices.js'
import { ownerComment } from '../state/owner.js'
import { type SandboxRecord, type StoredRecord } from '../state/records.js'
import { attempt } from './collect.js'
import { Holdings } from './holdings.js'
import type { OwnedElements } from './owned.js'
import { isMade, type Look } from './whole.js'

/** Elements of sandboxes that are there, which somebody has taken from them. */

/** Of sandboxes that were made to their end and that lack a claim: they are as they were, and it is theirs. @returns Their names. */
export async function giveClaimsBack(context: Pick<Context, 'host' | 'networks'>, stored: readonly StoredRecord[], { owned, links }: Look): Promise<string[]> {
  const names: string[] = []
  const slices = new Slices()
  for (const item of stored) {
    const pause = slices.next()
    if (pause) await pause
    const { record } = item
    if (record.removing || record.busy !== undefined || !lacksClaims(record, owned) || !isMade(item, links)) continue
    if (await giveBack(context, item)) names.push(record.name)
  }
  return names
}

const lacksClaims = (record: SandboxRecord, owned: OwnedElements): boolean =>
  record.endpoints.some(({ addresses, mac, bridge, leafOf }) =>
    !owned.has(record, sets.macs, `${leafOf ?? bridge} . ${mac}`) || FAMILIES.some((family) => addresses[family] && !owned.has(record, sets.addresses[family], addresses[family].address)),
  )

/** Somebody has deleted the table of the bridges' ports, and left that of the addresses. */
export const lacksSenders = (record: SandboxRecord, owned: OwnedElements): boolean =>
  record.endpoints.some(({ addresses, hostLink, mac }) =>
    FAMILIES.some((family) => addresses[family] && !owned.has(record, sets.senders[family], `${hostLink} . ${mac} . ${addresses[family]?.address}`)),
  )

/** Somebody has flushed the ruleset, or part of it: what a sandbox lacks of it. @returns Whether there was anything. */
export async function giveBack({ host, networks }: Pick<Context, 'host' | 'networks'>, { record, path, text }: StoredRecord): Promise<boolean> {
  const { endpoints, ports, name, id } = record
  for (const network of new Set(endpoints.map((endpoint) => endpoint.network))) {
    try {
      await networks.ready(network)
    } catch (error) {
      // Its record cannot be read: the claims of its sandboxes are given back all the same.
      if (!(error instanceof SlipwayError && (error.code === 'NOT_FOUND' || error.code === 'CONFLICT'))) throw error
    }
  }
  await networks.ensureRuleset()
  const claims = await new Holdings(host).lacking(claimSandbox({ endpoints, ports, owner: ownerComment(name, id) }))
  // The check comes last: who changes or removes the sandbox meanwhile takes these away with the rest, or they are taken back.
  const refusal = await attempt(host, [...claims, { op: 'file.check', path, expected: text }])
  // EEXIST: another process heals, too.
  if (refusal && !['EEXIST', 'ESTALE', 'ENOENT'].includes(refusal.errnoName)) throw refusal
  return claims.length > 0
}
