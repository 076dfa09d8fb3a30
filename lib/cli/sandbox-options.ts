import type { Command } from 'commander'
import { readCreateOptions, type CreateOptions, type CreateRequest } from '../sandbox/create-options.js'
import { asUsage, hostOptions } from './host-options.js'
import { PUBLISH_HELP } from './publish-help.js'

interface Flags {
  name?: string
  network?: string
  publish?: string[]
  ip?: string
  macAddress?: string
}

/** The flags of `docker run` that say what a sandbox is: the same for `create`, `run` and `explain`. */
export function addSandboxOptions(command: Command): Command {
  return command
    .option('--name <name>', 'name of the sandbox, and of its file in /run/netns (default: made up)')
    .option('--network <mode>', 'bridge, host or none (default: bridge)')
    .option('-p, --publish <spec>', "port to publish, as in 8080:80 (see below); may be repeated", (spec, before: string[] = []) => [...before, spec])
    .option('--ip <address>', "IPv4 address of the sandbox (default: the bridge's next free one)")
    .option('--mac-address <mac>', 'MAC address (default: 02:42 and the IPv4 address)')
    .addHelpText('after', PUBLISH_HELP)
}

const FLAG_OF: Record<string, string> = { name: '--name', network: '--network', publish: '-p', ip: '--ip', mac: '--mac-address' }

/**
 * What was asked for, checked as far as that goes without looking at the host.
 *
 * @throws {UsageError}
 */
export function sandboxOptions(program: Command, { macAddress, ...rest }: Flags): { options: CreateOptions; request: CreateRequest } {
  hostOptions(program)
  const options: CreateOptions = { ...rest, ...(macAddress === undefined ? {} : { mac: macAddress }) }
  return { options, request: asUsage(() => readCreateOptions(options), (name) => FLAG_OF[name]) }
}
