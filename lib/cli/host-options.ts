import { InvalidArgumentError, Option, type Command } from 'commander'
import { readDaemonConfig } from '../api/daemon-config.js'
import { readOpenOptions, type OpenOptions } from '../api/options.js'
import type { Settings } from '../base/settings.js'
import { addText, wholeNumber } from './arguments.js'
import { asUsage, say } from './failures.js'

/** A command is over before a pool of sandboxes would be of use. */
type HostOption = Exclude<keyof OpenOptions, 'pool'>

/**
 * The options of `Slipway.open`, in the spelling of dockerd and daemon.json. They stand before the command, as docker's
 * do: `--ip` is another thing behind it.
 */
const FLAGS: Record<HostOption, Option[]> = {
  netns: [new Option('--netns <path>', 'network namespace that is "the host" (default: the one you are in)')],
  stateDir: [
    new Option('--state-dir <path>', 'where the little is kept that the kernel does not keep (default: /run/slipway)'),
  ],
  bridgeName: [new Option('--bridge-name <name>', 'the bridge (default: docker0)')],
  bip: [new Option('--bip <cidr>', 'its own address and subnet, as in 172.17.0.1/16 (default: the first free pool)')],
  fixedCidr: [new Option('--fixed-cidr <cidr>', 'part of the subnet that addresses are drawn from')],
  ipv6: [
    new Option('--ipv6', 'the bridge has IPv6 (default: with --bip6 or --fixed-cidr-v6)'),
    new Option('--no-ipv6', 'it has none'),
  ],
  bip6: [new Option('--bip6 <cidr>', 'its own IPv6 address and subnet, as in fd00:1:2:3::1/64')],
  fixedCidrV6: [
    new Option(
      '--fixed-cidr-v6 <cidr>',
      'its IPv6 subnet; with --bip6, the part of that that addresses are drawn from',
    ),
  ],
  mtu: [new Option('--mtu <bytes>', 'of the bridge and the sandboxes (default: 1500)').argParser(wholeNumber)],
  defaultGateway: [new Option('--default-gateway <address>', 'of the sandboxes (default: the bridge)')],
  defaultGatewayV6: [new Option('--default-gateway-v6 <address>', 'the same of IPv6')],
  icc: [new Option('--icc', 'sandboxes may talk to each other (default)'), new Option('--no-icc', 'they may not')],
  ipMasq: [
    new Option('--ip-masq', "traffic to the world leaves under the host's address (default)"),
    new Option('--no-ip-masq', 'it leaves as it is'),
  ],
  ip: [new Option('--ip <address>', 'host address of published ports that name none (default: 0.0.0.0 and ::)')],
  dns: [
    new Option(
      '--dns <address>',
      "nameserver of sandboxes that name none themselves (default: the host's); may be repeated",
    ).argParser(addText),
  ],
  dnsSearch: [
    new Option('--dns-search <domain>', "search domain of theirs (default: the host's); may be repeated").argParser(
      addText,
    ),
  ],
  dnsOptions: [
    new Option(
      '--dns-opt <option>',
      "option of resolv.conf of theirs (default: the host's); may be repeated",
    ).argParser(addText),
  ],
  defaultAddressPools: [
    new Option(
      '--default-address-pool <pool>',
      'where subnets are taken from, as in base=10.10.0.0/16,size=24; may be repeated',
    ).argParser(addPool),
  ],
  portsPerBridge: [
    new Option(
      '--ports-per-bridge <number>',
      'sandboxes on one bridge before a network gets a further one (default: 256)',
    ).argParser(wholeNumber),
  ],
}

const CONFIG = new Option('--config <file>', "read what follows from docker's daemon.json; flags win over it")

export function addHostOptions(program: Command): void {
  program.optionsGroup('Options (of the host):')
  const { netns, stateDir, bridgeName, portsPerBridge, ...ofDaemon } = FLAGS
  for (const option of [netns, stateDir, bridgeName, portsPerBridge, [CONFIG], ...Object.values(ofDaemon)].flat()) {
    // Left out is neither yes nor no: a bridge that exists is taken as it is.
    if (option.negate) option.default(undefined)
    program.addOption(option)
  }
  program.hook('preAction', () => readConfig(program))
}

export const isHostFlag = (flag: string): boolean =>
  flag === CONFIG.long || Object.values(FLAGS).some((options) => options.some(({ long }) => long === flag))

/** Where the command line says nothing, the file does. */
function readConfig(program: Command): void {
  const { config } = program.opts<{ config?: string }>()
  if (config === undefined) return
  const { options, ignored } = asUsage(() => readDaemonConfig(config))
  for (const [name, value] of Object.entries(options)) {
    const attribute = attributeOf(name as HostOption)
    if (program.getOptionValueSource(attribute) !== 'cli') program.setOptionValueWithSource(attribute, value, 'config')
  }
  if (ignored.length > 0) say(`note: ${config}: nothing is done about ${ignored.join(', ')}`)
}

/** Commander calls a value after its flag. */
const attributeOf = (name: HostOption): string => FLAGS[name][0]?.attributeName() ?? name

/**
 * What was given for the host.
 *
 * @throws {UsageError} when a value is malformed.
 */
export function hostOptions(program: Command): { options: OpenOptions; settings: Settings } {
  const given = program.opts<Record<string, unknown>>()
  const options: OpenOptions = Object.fromEntries(
    (Object.keys(FLAGS) as HostOption[]).map((name) => [name, given[attributeOf(name)]]),
  )
  return { options, settings: asUsage(() => readOpenOptions(options)) }
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
