import { basename } from 'node:path'
import type { Command } from 'commander'
import type { FileCreate, Plan } from '../plan/operation.js'
import { printPlan } from '../plan/print.js'
import { quote } from '../plan/print-shell.js'
import { reconcile } from '../heal/index.js'
import { explainSandbox } from '../work/create-sandbox.js'
import { removalPlan } from '../work/removal-plan.js'
import type { SandboxRecord } from '../store/records.js'
import { hostOptions } from './host-options.js'
import { looking } from './looking.js'
import { addNetworkOptions, networkOptions } from './network/create.js'
import { print, printJson } from './output.js'
import { addSandboxOptions, sandboxOptions } from './sandbox-options.js'

const AFTER = `
What is printed can be run by sh, and builds what slipway builds.

Examples:
  slipway explain create --name app -p 8080:80
  slipway explain network create --internal back
  slipway explain run -p 8080:80 -- python3 -m http.server 80`

/** `slipway explain`: the commands it would have taken, on this host as it is now. */
export function addExplain(program: Command): void {
  const explain = program
    .command('explain')
    .usage('run|create|network create ...')
    .description('print the ip, nft and sysctl commands that would do the same, and run nothing')
    .addHelpText('after', AFTER)

  addSandboxOptions(explain.command('create'))
    .usage('[OPTIONS]')
    .description('what slipway create with these options would do')
    .option('--json', 'the plan as data')
    .action(async ({ json, ...flags }: { json?: true }) => {
      const { plan } = await planOf(program, flags)
      if (json) printJson(plan)
      else print(printPlan(plan))
    })

  addSandboxOptions(explain.command('run'))
    .usage('[OPTIONS] [-- COMMAND...]')
    .description('what slipway run with these options would do')
    .argument('[command...]', 'the program and its arguments')
    .option('--json', 'the plan as data, up to the start of the command')
    .passThroughOptions()
    .action(async (command: string[], { json, ...flags }: { json?: true }) => {
      const { plan, removal } = await planOf(program, flags)
      if (json) return printJson(plan)
      const stored = recordIn(plan)
      const inside = stored.record.network === 'host' ? '' : `ip netns exec ${basename(stored.record.path)} `
      print(printPlan(plan))
      print('# the command:')
      print(`${inside}${command.map(quote).join(' ') || 'COMMAND'}`)
      print('# and when it has ended:')
      print(printPlan(removal))
    })

  const network = explain.command('network').usage('create ...').description('what slipway network create would do')
  addNetworkOptions(network.command('create'))
    .description('what slipway network create with these options would do')
    .option('--json', 'the plan as data')
    .action(async (name: string, { json, ...flags }: { json?: true }) => {
      const options = networkOptions(program, name, flags)
      const plan = await looking(hostOptions(program).settings, (context) => context.networks.explain(options))
      if (json) printJson(plan)
      else print(printPlan(plan))
    })
}

function planOf(program: Command, flags: object): Promise<{ plan: Plan; removal: Plan }> {
  const { request } = sandboxOptions(program, flags)
  return looking(hostOptions(program).settings, async (context) => {
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
