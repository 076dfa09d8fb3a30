import type { Command } from 'commander'
import { PUBLISH_HELP } from './publish-help.js'
import { givenHost } from './host-flags.js'

interface Json {
  json?: true
}

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
    .action(async (name: string, wanted: string | undefined, flags: Json) =>
      (await import('../actions.js')).port(givenHost(program), name, wanted, flags),
    )
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
    .action(async (name: string, specs: string[], flags: Json) =>
      (await import('../actions.js')).publish(givenHost(program), name, specs, flags),
    )
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
    .option('--json', 'print the ports that it still publishes, as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  slipway unpublish app 8443:443             on every host address\n  slipway unpublish app 127.0.0.1:8443:443   on this one\n  slipway unpublish app 443                  wherever it is published',
    )
    .action(async (name: string, specs: string[], flags: Json) =>
      (await import('../actions.js')).unpublish(givenHost(program), name, specs, flags),
    )
}
