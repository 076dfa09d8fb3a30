import { endpointsOf } from '../../drivers/index.js'
import { findNameless, lookForDamage } from '../../heal/index.js'
import { readLinkAlias } from '../../drivers/link-alias.js'
import { isPredefined } from '../../drivers/predefined.js'
import { isBusy, listRecords, type SandboxRecord } from '../../store/records.js'
import { isAtPath } from '../../store/namespace.js'
import type { Context } from '../../work/context.js'
import { ok, problem, type Finding } from './finding.js'

const FIX = 'slipway doctor --fix'
/** So many are named. */
const NAMED = 5

const named = (names: readonly string[]): string =>
  names.length > NAMED ? `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more` : names.join(', ')

/**
 * What of the sandboxes of this host, their networks and the ruleset is not as the records say; and which sandboxes are
 * up.
 */
export async function checkSandboxes(context: Context): Promise<Finding[]> {
  const check = 'sandboxes'
  const { host, networks } = context
  const all = (await listRecords(context.records)).filter(({ marked, record }) => marked && !isBusy(record))
  // Of one whose namespace is gone, what is left is told with the leftovers.
  const items = all.filter(({ record }) => record.stack !== 'own' || isAtPath(record))
  const nameless = await findNameless(host, all)
  if (all.length + (await networks.list()).length === 0) return [ok(check, 'no sandboxes yet')]
  const damage = await lookForDamage(context, items)
  const links = new Map((await host.ask('links', {})).map((link) => [link.name, link]))
  const findings: Finding[] = []
  if (damage.ruleset)
    findings.push(problem(check, 'of the ruleset, something was changed or deleted (table, set, chain, rule)', FIX))
  // A link that was deleted is told with the networks; one that was renamed is there.
  const there = new Set([...links.values()].map(({ alias }) => readLinkAlias(alias)?.name))
  const some = [...damage.networks].filter((name) => isPredefined(name) || there.has(name))
  if (some.length > 0)
    findings.push(
      problem(
        check,
        `of networks, something was changed or deleted (bridge, address, route, setting, element): ${named(some)}`,
        FIX,
      ),
    )
  if (damage.sandboxes.size > 0)
    findings.push(
      problem(
        check,
        `of sandboxes, something was changed or deleted (link, element): ${named([...damage.sandboxes])}`,
        FIX,
      ),
    )
  const records = items.map(({ record }) => record)
  for (const {
    record: { name, path },
  } of nameless)
    findings.push(problem(check, `the namespace of ${name} is not at ${path} any more`, FIX))
  const idle = records.filter((record) => !isUp(record, links)).map(({ name }) => name)
  const up = `${records.length - idle.length} up`
  const finding = idle.length === 0 ? up : `${up}, ${idle.length} without a link that is up: ${named(idle)}`
  return [...findings, ok(check, finding)]
}

/** Whether both ends of a link of it are up. One without a network has none to have. */
const isUp = ({ endpoints }: SandboxRecord, links: Parameters<ReturnType<typeof endpointsOf>['isUp']>[1]): boolean =>
  endpoints.length === 0 || endpoints.some((endpoint) => endpointsOf(endpoint).isUp(endpoint, links))
