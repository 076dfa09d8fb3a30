import { Option, type Command } from 'commander'
import type { ServeFlags } from '../serve/command.js'
import { givenHost } from './host-flags.js'
import { addText, wholeNumber } from './values.js'

const AFTER = `
It answers to Docker's Engine API, as far as that is networks, on the sockets of -H:
DOCKER_HOST=unix:///run/slipway/slipway.sock docker network ls. While it runs, it answers
names, holds published ports, mends what others damage, and keeps a pool (--pool).
OPTIONS of the host stand before the command, as with all commands.

With --docker-plugin, a real dockerd has a driver of networks here: docker network create
--driver slipway --ipam-driver slipway web.

SIGTERM ends it: requests that are worked on are answered first, and sandboxes stay.
SIGHUP reads the certificates and the level of the log again. The unit files
slipway.service and slipway.socket for systemd are in the package's folder systemd.

Who may connect to its socket can do what root can do to this machine's network. So a
socket is root's, and its group's with --group; and over TCP, clients show a certificate.

Examples:
  slipway serve
  slipway serve --group docker --log-format json
  slipway serve -H tcp://192.0.2.1 --tlsverify --tlscacert CA --tlscert CERT --tlskey KEY`

/** `slipway serve`: for docker's command, and all else that speaks Docker's API. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .usage('[OPTIONS]')
    .description("answer to docker's command and its like, until SIGTERM")
    .addOption(
      new Option(
        '-H, --host <address>',
        'where to listen: unix://PATH, tcp://ADDRESS:PORT, or fd:// for the sockets of systemd (default: unix:///run/slipway/slipway.sock); may be repeated',
      ).argParser(addText),
    )
    .option('-G, --group <group>', 'group that may connect to sockets with a path (default: only root)')
    .option('-p, --pid-file <path>', 'file that says the number of this process')
    .option('--tlsverify', 'over TCP, talk only to clients with a certificate of --tlscacert')
    .option('--tlscacert <file>', "certificate of the authority that has signed clients' certificates")
    .option('--tlscert <file>', "the server's certificate")
    .option('--tlskey <file>', "the server's key")
    .option(
      '--docker-plugin [path]',
      'be the driver of networks that dockerd calls at this socket (default: /run/docker/plugins/slipway.sock)',
    )
    .option(
      '--docker-plugin-data <folder>',
      "where dockerd's networks are kept over restarts (default: /var/lib/slipway/docker)",
    )
    .option('--metrics [address]', 'tell Prometheus at http://ADDRESS/metrics (default: 127.0.0.1:9323)')
    .option('--pool <n>', 'sandboxes made ahead of need (default: 0)', wholeNumber)
    .addOption(new Option('--log-format <format>', 'how it logs to stderr (default: text)').choices(['text', 'json']))
    .addOption(
      new Option('-l, --log-level <level>', 'what it logs (default: info)').choices(['error', 'warn', 'info', 'debug']),
    )
    .option('--config <file>', "read what is not given here from docker's daemon.json, as before the command")
    .addHelpText('after', AFTER)
    .action(async (flags: ServeFlags) => (await import('../serve/command.js')).serve(givenHost(program), flags))
}
