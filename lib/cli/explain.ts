import { basename } from 'node:path'
import type { FileCreate, Plan } from '../plan/operation.js'
import { printPlan } from '../plan/print.js'
import { quote } from '../plan/print-shell.js'
import { reconcile } from '../heal/index.js'
import { explainSandbox } from '../work/create-sandbox.js'
import { removalPlan } from '../work/removal-plan.js'
import type { SandboxRecord } from '../store/records.js'
import { hostOptions } from './host-options.js'
import { looking } from './looking.js'
import { networkOptions, type NetworkFlags } from './network/create.js'
import { print, printJson } from './output.js'
import { sandboxOptions } from './sandbox-options.js'
import type { SandboxFlags } from './usage/sandbox-flags.js'
import type { GivenHost } from './usage/host-flags.js'

interface Json {
  json?: true
}

/** `slipway explain create`. */
export async function explainCreate(host: GivenHost, { json, ...flags }: SandboxFlags & Json): Promise<void> {
  const { plan } = await planOf(host, flags)
  if (json) printJson(plan)
  else print(printPlan(plan))
}

/** `slipway explain run`. */
export async function explainRun(
  host: GivenHost,
  command: readonly string[],
  { json, ...flags }: SandboxFlags & Json,
): Promise<void> {
  const { plan, removal } = await planOf(host, flags)
  if (json) return printJson(plan)
  const stored = recordIn(plan)
  const inside = stored.record.network === 'host' ? '' : `ip netns exec ${basename(stored.record.path)} `
  print(printPlan(plan))
  print('# the command:')
  print(`${inside}${command.map(quote).join(' ') || 'COMMAND'}`)
  print('# and when it has ended:')
  print(printPlan(removal))
}

/** `slipway explain network create`. */
export async function explainNetwork(
  host: GivenHost,
  name: string,
  { json, ...flags }: NetworkFlags & Json,
): Promise<void> {
  const options = networkOptions(host, name, flags)
  const plan = await looking(hostOptions(host).settings, (context) => context.networks.explain(options))
  if (json) printJson(plan)
  else print(printPlan(plan))
}

function planOf(host: GivenHost, flags: SandboxFlags): Promise<{ plan: Plan; removal: Plan }> {
  const { request } = sandboxOptions(host, flags)
  return looking(hostOptions(host).settings, async (context) => {
    // Learns which ports are taken. The host cannot be changed, so nothing is cleaned up.
    await reconcile(context)
    const plan = await explainSandbox(context, request)
    const { first, rest } = await removalPlan(context.host, recordIn(plan), context.records, undefined)
    return { plan, removal: [...first, ...rest] }
  })
}

/** The record that a plan would write. */
function recordIn(plan: Plan) {
  const { path, content } = plan.find(
    (operation): operation is FileCreate => operation.op === 'file.create',
  ) as FileCreate
  return { record: JSON.parse(content) as SandboxRecord, path, text: content }
}
