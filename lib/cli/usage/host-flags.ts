import { InvalidArgumentError, Option, type Command } from 'commander'
import type { OpenOptions } from '../../api/options.js'
import { addText, wholeNumber } from './values.js'

/**
 * A command is over before a pool of sandboxes would be of use, or anything is damaged beside it; and it is ended by a
 * signal of the system's.
 */
type HostOption = Exclude<keyof OpenOptions, 'pool' | 'heal' | 'signal' | 'timeout'>

/**
 * The options of `Slipway.open`, in the spelling of dockerd and daemon.json. They stand before the command, as docker's
 * do: `--ip` is another thing behind it.
 */
const FLAGS: Record<HostOption, Option[]> = {
  netns: [new Option('--netns <path>', 'network namespace to use as the host (default: the current one)')],
  stateDir: [
    new Option('--state-dir <path>', 'folder for the records of sandboxes and networks (default: /run/slipway)'),
  ],
  bridgeName: [new Option('--bridge-name <name>', 'name of the bridge of the network "bridge" (default: docker0)')],
  bip: [
    new Option('--bip <cidr>', "the bridge's address and subnet, as in 172.17.0.1/16 (default: the first free pool)"),
  ],
  fixedCidr: [new Option('--fixed-cidr <cidr>', 'part of the subnet that addresses come from')],
  ipv6: [
    new Option('--ipv6', 'the bridge has IPv6 (default: with --bip6 or --fixed-cidr-v6)'),
    new Option('--no-ipv6', 'the bridge has no IPv6'),
  ],
  bip6: [new Option('--bip6 <cidr>', "the bridge's IPv6 address and subnet, as in fd00:1:2:3::1/64")],
  fixedCidrV6: [
    new Option(
      '--fixed-cidr-v6 <cidr>',
      "the bridge's IPv6 subnet; with --bip6, the part of it that addresses come from",
    ),
  ],
  mtu: [new Option('--mtu <bytes>', 'MTU of the bridge and the sandboxes (default: 1500)').argParser(wholeNumber)],
  defaultGateway: [new Option('--default-gateway <address>', 'gateway of the sandboxes (default: the bridge)')],
  defaultGatewayV6: [new Option('--default-gateway-v6 <address>', 'the same for IPv6')],
  icc: [
    new Option('--icc', 'sandboxes may talk to each other (default)'),
    new Option('--no-icc', 'sandboxes may not talk to each other'),
  ],
  ipMasq: [
    new Option('--ip-masq', "traffic to the world leaves under the host's address (default)"),
    new Option('--no-ip-masq', "traffic to the world leaves under the sandbox's address"),
  ],
  ip: [new Option('--ip <address>', 'host address of ports that are published without one (default: 0.0.0.0 and ::)')],
  dns: [
    new Option(
      '--dns <address>',
      "nameserver of sandboxes without --dns of their own (default: the host's); may be repeated",
    ).argParser(addText),
  ],
  dnsSearch: [
    new Option(
      '--dns-search <domain>',
      "search domain of these sandboxes (default: the host's); may be repeated",
    ).argParser(addText),
  ],
  dnsOptions: [
    new Option(
      '--dns-opt <option>',
      "option of resolv.conf of these sandboxes (default: the host's); may be repeated",
    ).argParser(addText),
  ],
  defaultAddressPools: [
    new Option(
      '--default-address-pool <pool>',
      'pool that subnets are taken from, as in base=10.10.0.0/16,size=24; may be repeated',
    ).argParser(addPool),
  ],
  portsPerBridge: [
    new Option(
      '--ports-per-bridge <number>',
      'sandboxes on one bridge before the network gets a further bridge (default: 256)',
    ).argParser(wholeNumber),
  ],
}

const CONFIG = new Option('--config <file>', "read the options below from docker's daemon.json; flags win over it")

export function addHostOptions(program: Command): void {
  program.optionsGroup('Options (of the host):')
  const { netns, stateDir, bridgeName, portsPerBridge, ...ofDaemon } = FLAGS
  for (const option of [netns, stateDir, bridgeName, portsPerBridge, [CONFIG], ...Object.values(ofDaemon)].flat()) {
    // Left out is neither yes nor no: a bridge that exists is taken as it is.
    if (option.negate) option.default(undefined)
    program.addOption(option)
  }
  program.option('--verbose', 'say on stderr which process does it: this one, or slipway serve')
}

export const isHostFlag = (flag: string): boolean =>
  flag === CONFIG.long || Object.values(FLAGS).some((options) => options.some(({ long }) => long === flag))

/** What was said of the host before the command, as it was typed. */
export interface GivenHost {
  readonly options: OpenOptions
  /** A file for what was not. */
  readonly config: string | undefined
  /** Who does it is said. */
  readonly verbose: boolean
}

export function givenHost(program: Command): GivenHost {
  const given = program.opts<Record<string, unknown>>()
  return {
    config: given['config'] as string | undefined,
    verbose: given['verbose'] === true,
    options: Object.fromEntries(
      Object.entries(FLAGS).flatMap(([name, [option]]) => {
        // Commander calls a value after its flag.
        const value = given[option?.attributeName() ?? name]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

interface Pool {
  base: string
  size: number
}

function addPool(text: string, before: Pool[] = []): Pool[] {
  const [, base, size] = /^base=([^,]+),size=(\d+)$/.exec(text) ?? []
  if (base === undefined) throw new InvalidArgumentError('A pool is written base=10.10.0.0/16,size=24.')
  return [...before, { base, size: Number(size) }]
}
