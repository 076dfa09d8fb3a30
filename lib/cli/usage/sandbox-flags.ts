import { Option, type Command } from 'commander'
import { addPair, addText, once, wholeNumber } from './values.js'
import { PUBLISH_HELP } from './publish-help.js'

/** What comes of the flags of an endpoint; commander names it after the longest spelling. */
export interface EndpointFlags {
  ip?: string
  ip6?: string
  macAddress?: string
  networkAlias?: string[]
  gwPriority?: number
  interface?: string
}

/** What comes of those of a sandbox. */
export interface SandboxFlags extends EndpointFlags {
  name?: string
  network?: string
  netns?: string
  forwarding?: true
  publish?: string[]
  label?: Record<string, string>
  hostname?: string
  domainname?: string
  addHost?: string[]
  dns?: string[]
  dnsSearch?: string[]
  dnsOption?: string[]
}

/** The flags of `docker run` that say what a sandbox is: the same for `create`, `run` and `explain`. */
export function addSandboxOptions(command: Command): Command {
  command
    .optionsGroup('Options (of the sandbox):')
    .option('--name <name>', 'name of the sandbox, and of its file in /run/netns (default: a random one)')
    .addOption(
      new Option(
        '--net, --network <network>',
        'bridge, host, none, a network that you have created, or container:NAME to share the network of another sandbox (default: bridge)',
      ).argParser(once('A sandbox is created on one network; slipway connect adds others.')),
    )
    .option('--netns <path>', 'network namespace to use instead of a new one; Slipway never removes it')
    .option('--forwarding', 'make it a router, which passes on between the networks that it is connected to')
    .option('-p, --publish <spec>', 'port to publish, as in 8080:80 (see below); may be repeated', addText)
    .option('-l, --label <key=value>', 'inspect shows it, and lists can be filtered by it; may be repeated', addPair)
  return addEndpointOptions(command)
    .optionsGroup('Options (of its names):')
    .option('--hostname <name>', 'its name in its files hostname and hosts (default: the first digits of its id)')
    .option('--domainname <domain>', 'what follows the hostname in hosts, as in example.org')
    .option(
      '--add-host <host>',
      "line for hosts, as in db:172.20.0.9, or gw:host-gateway for the bridge's address; may be repeated",
      addText,
    )
    .option('--dns <address>', "nameserver of this sandbox (default: the host's); may be repeated", addText)
    .option('--dns-search <domain>', "search domain (default: the host's); . means none; may be repeated", addText)
    .option(
      '--dns-opt, --dns-option <option>',
      "option of resolv.conf, as in ndots:2 (default: the host's); may be repeated",
      addText,
    )
    .optionsGroup('Options:')
    .addHelpText('after', PUBLISH_HELP)
}

/** The flags of an endpoint: those of `create` and of `connect`. */
export function addEndpointOptions(command: Command): Command {
  return command
    .option('--ip <address>', "IPv4 address (default: the network's next free one)")
    .option('--ip6 <address>', "IPv6 address (default: the network's next free one)")
    .option('--mac-address <mac>', 'MAC address (default: 02:42 and the IPv4 address)')
    .option('--interface <name>', 'name of its interface inside (default: the first free one of eth0, eth1, …)')
    .option('--alias, --network-alias <name>', 'one more name on this network; may be repeated', addText)
    .option(
      '--gw-priority <number>',
      'priority of this network: the one with the highest gets the default route and published ports (default: 0)',
      wholeNumber,
    )
}
