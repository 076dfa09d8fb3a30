import type { Command } from 'commander'
import { SlipwayError } from '../base/errors.js'
import {
  dockerPort,
  naturally,
  printContainer,
  printHost,
  printMapping,
  type PortMapping,
} from '../base/port-mapping.js'
import { readRequests } from '../work/publish.js'
import { asUsage, UsageError } from './failures.js'
import { print, printJson } from './output.js'
import { PUBLISH_HELP } from './publish-help.js'
import { withSlipway } from './with-slipway.js'

/** `slipway port`: as `docker port` does. */
export function addPort(program: Command): void {
  program
    .command('port')
    .usage('NAME [PRIVATE_PORT[/PROTO]]')
    .description('print the published ports of a sandbox, or where one of its ports is published')
    .argument('<name>', 'name, id, or the beginning of an id')
    .argument('[private_port]', 'port inside the sandbox: 80, 53/udp')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  slipway port app           80/tcp -> 0.0.0.0:8080\n  slipway port app 80        0.0.0.0:8080\n  slipway port app 80 --json | jq ".[0].hostPort"',
    )
    .action(async (name: string, port: string | undefined, { json }: { json?: true }) => {
      const wanted = port === undefined ? undefined : readPort(port)
      const { ports } = await withSlipway(program, (slipway) => slipway.sandboxes.get(name))
      const found = ports.filter(
        ({ containerPort, protocol }) =>
          !wanted || (containerPort === wanted.containerPort && protocol === wanted.protocol),
      )
      if (wanted && found.length === 0) {
        throw new SlipwayError(
          'NOT_FOUND',
          `No public port '${printContainer(wanted)}' published for ${name}. It publishes ${ports.map(printMapping).join(', ') || 'nothing'}.`,
        )
      }
      if (json) printJson(found)
      else print((wanted ? naturally(found.map(printHost)) : dockerPort(found)).join('\n'))
    })
}

function readPort(text: string): Pick<PortMapping, 'containerPort' | 'protocol'> {
  if (text === '*') return { containerPort: 0, protocol: 'all' }
  const [, port, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  if (port === undefined)
    throw new UsageError(
      `"${text}" is no port. A port is written 80, 80/tcp, 53/udp or 132/sctp; "*" is a whole host address.`,
    )
  return { containerPort: Number(port), protocol: protocol.toLowerCase() as PortMapping['protocol'] }
}

/** `slipway publish`. */
export function addPublish(program: Command): void {
  program
    .command('publish')
    .usage('NAME SPEC...')
    .description('publish more ports of a running sandbox')
    .argument('<name>', 'name, id, or the beginning of an id')
    .argument('<spec...>', 'a port mapping, as for create -p: 8080:80, 127.0.0.1::443, 9000-9010:90-100/udp')
    .option('--json', 'print the new mappings as JSON')
    .addHelpText('after', `${PUBLISH_HELP}\n\nExample:\n  slipway publish app 8443:443`)
    .action(async (name: string, specs: string[], { json }: { json?: true }) => {
      asUsage(() => readRequests(specs), { publish: 'SPEC' })
      const mappings = await withSlipway(program, async (slipway) =>
        (await slipway.sandboxes.get(name)).publish(...specs),
      )
      if (json) printJson(mappings)
      else print(dockerPort(mappings).join('\n'))
    })
}

/** `slipway unpublish`. */
export function addUnpublish(program: Command): void {
  program
    .command('unpublish')
    .usage('NAME SPEC...')
    .description('take published ports back')
    .argument('<name>', 'name, id, or the beginning of an id')
    .argument(
      '<spec...>',
      'as it was published (8080:80), or only the port inside (80). A part that is left out matches anything',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  slipway unpublish app 8443:443             on every host address\n  slipway unpublish app 127.0.0.1:8443:443   on this one\n  slipway unpublish app 443                  wherever it is published',
    )
    .action(async (name: string, specs: string[]) => {
      asUsage(() => readRequests(specs), { publish: 'SPEC' })
      await withSlipway(program, async (slipway) => (await slipway.sandboxes.get(name)).unpublish(...specs))
    })
}
