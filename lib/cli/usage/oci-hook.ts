import { Argument, type Command } from 'commander'
import type { OciHook } from '../oci-hook.js'
import { givenHost } from './host-flags.js'

const AFTER = `
For the "hooks" of a container's config.json, where nobody makes its sandbox
before. The runtime writes the container's state to stdin. createRuntime connects
the network namespace of the container to the networks that its annotations name;
poststop takes that away, and is content where nothing is there. A container
without the annotation slipway.network stays as it is.

Annotations, each as the flag of 'slipway create' of its name; lists with commas:
  slipway.network         networks, the first with the address and the ports below
  slipway.name            name of the sandbox (default: the container's id)
  slipway.publish         8080:80,53:53/udp
  slipway.ip              slipway.ip6, slipway.mac-address, slipway.interface, slipway.gw-priority
  slipway.network-alias   names on the first network
  slipway.label           key=value
  slipway.forwarding      true: it is a router

Example, of a config.json:
  "annotations": { "slipway.network": "web", "slipway.publish": "8080:80" },
  "hooks": {
    "createRuntime": [{ "path": "/usr/bin/slipway", "args": ["slipway", "oci-hook", "createRuntime"] }],
    "poststop": [{ "path": "/usr/bin/slipway", "args": ["slipway", "oci-hook", "poststop"] }]
  }`

/** `slipway oci-hook`. */
export function addOciHook(program: Command): void {
  program
    .command('oci-hook')
    .usage('createRuntime|poststop')
    .description('connect or disconnect a container of an OCI runtime, as a hook of its config.json')
    .addArgument(new Argument('<hook>', 'which hook it is').choices(['createRuntime', 'poststop'] satisfies OciHook[]))
    .addHelpText('after', AFTER)
    .action(async (hook: OciHook) => (await import('../oci-hook.js')).ociHook(givenHost(program), hook))
}
