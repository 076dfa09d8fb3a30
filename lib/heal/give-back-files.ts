import { Slices } from '../admission/slices.js'
import { tryPlan } from '../claims/remove-if-there.js'
import type { Plan } from '../plan/operation.js'
import type { Stored } from '../store/folder.js'
import { isRegular } from '../store/read-file.js'
import type { HealContext } from './context.js'
import type { LostFiles } from './lost-files.js'
import { restoreNames } from './restore-names.js'
import { standing } from './standing.js'

/**
 * A process that removes a sandbox or a network at this moment takes it away first, and its record last. So what is not
 * there any more once it has its record again loses that again.
 *
 * @returns Names of what has its files again: sandboxes, and `network web`; and sentences of what has not.
 */
export async function giveBackFiles(
  context: Pick<HealContext, 'host'>,
  { sandboxes, networks, nameless }: Omit<LostFiles, 'left'>,
): Promise<{ healed: string[]; lost: string[] }> {
  const { host } = context
  const lost: string[] = []
  const given = new Map<Stored<unknown>, string>()
  const slices = new Slices()
  const give = async (item: Stored<unknown>, kind: string, name: string, mark: Plan) => {
    const pause = slices.next()
    if (pause) await pause
    const { path, text } = item
    const refusal = await tryPlan(host, [{ op: 'file.create', path, content: text }, ...mark])
    if (!refusal) given.set(item, kind === 'sandbox' ? name : `${kind} ${name}`)
    else if (refusal.errnoName === 'EEXIST' && !isRegular(path))
      lost.push(`${kind} ${name}: in the place of its record ${path} is something that is no file. Remove that.`)
  }
  for (const item of networks) await give(item, 'network', item.record.name, [])
  for (const item of sandboxes) await give(item, 'sandbox', item.record.name, [{ op: 'file.mark', path: item.path }])
  const isGiven = (item: Stored<unknown>) => given.has(item)
  const found = await standing(context, sandboxes.filter(isGiven), networks.filter(isGiven))
  const there = new Set<unknown>([...found.sandboxes, ...found.outdated, ...found.partly, ...found.networks])
  for (const item of given.keys()) if (!there.has(item)) await takeBack(context, item)
  const healed = [...given].flatMap(([item, name]) => (there.has(item) ? [name] : []))
  return { healed: [...healed, ...(await restoreNames(host, nameless))], lost }
}

async function takeBack({ host }: Pick<HealContext, 'host'>, { path, text }: Stored<unknown>): Promise<void> {
  await tryPlan(host, [
    { op: 'file.check', path, expected: text },
    { op: 'file.delete', path },
  ])
}
