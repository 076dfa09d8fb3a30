import { InvalidArgumentError, Option, type Command } from 'commander'
import { SlipwayError } from '../errors.js'
import { readOpenOptions, type OpenOptions, type Settings } from '../options.js'
import { UsageError } from './failures.js'

/**
 * The options of `Slipway.open`, in the spelling of dockerd and daemon.json. They stand before the command, as docker's
 * do: `--ip` is another thing behind it.
 */
const FLAGS: Record<keyof OpenOptions, Option[]> = {
  netns: [new Option('--netns <path>', 'network namespace that is "the host" (default: the one you are in)')],
  stateDir: [new Option('--state-dir <path>', 'where the little is kept that the kernel does not keep (default: /run/slipway)')],
  bridgeName: [new Option('--bridge-name <name>', 'the bridge (default: docker0)')],
  bip: [new Option('--bip <cidr>', 'its own address and subnet, as in 172.17.0.1/16 (default: the first free pool)')],
  fixedCidr: [new Option('--fixed-cidr <cidr>', 'part of the subnet that addresses are drawn from')],
  ipv6: [new Option('--ipv6', 'the bridge has IPv6 (default: with --bip6 or --fixed-cidr-v6)'), new Option('--no-ipv6', 'it has none')],
  bip6: [new Option('--bip6 <cidr>', 'its own IPv6 address and subnet, as in fd00:1:2:3::1/64')],
  fixedCidrV6: [new Option('--fixed-cidr-v6 <cidr>', "its IPv6 subnet; with --bip6, the part of that that addresses are drawn from")],
  mtu: [new Option('--mtu <bytes>', 'of the bridge and the sandboxes (default: 1500)').argParser(wholeNumber)],
  defaultGateway: [new Option('--default-gateway <address>', 'of the sandboxes (default: the bridge)')],
  defaultGatewayV6: [new Option('--default-gateway-v6 <address>', 'the same of IPv6')],
  icc: [new Option('--icc', 'sandboxes may talk to each other (default)'), new Option('--no-icc', 'they may not')],
  ipMasq: [new Option('--ip-masq', "traffic to the world leaves under the host's address (default)"), new Option('--no-ip-masq', 'it leaves as it is')],
  ip: [new Option('--ip <address>', 'host address of published ports that name none (default: 0.0.0.0 and ::)')],
  dns: [new Option('--dns <address>', "nameserver of sandboxes that name none (default: the host's); may be repeated").argParser(addText)],
  dnsSearch: [new Option('--dns-search <domain>', "search domain of theirs (default: the host's); may be repeated").argParser(addText)],
  dnsOptions: [new Option('--dns-opt <option>', "option of resolv.conf of theirs (default: the host's); may be repeated").argParser(addText)],
  defaultAddressPools: [
    new Option('--default-address-pool <pool>', 'where subnets are taken from, as in base=10.10.0.0/16,size=24; may be repeated').argParser(addPool),
  ],
}

export function addHostOptions(program: Command): void {
  program.optionsGroup('Options (of the host):')
  for (const option of Object.values(FLAGS).flat()) {
    // Left out is neither yes nor no: a bridge that exists is taken as it is.
    if (option.negate) option.default(undefined)
    program.addOption(option)
  }
}

export const isHostFlag = (flag: string): boolean => Object.values(FLAGS).some((options) => options.some(({ long }) => long === flag))

/**
 * What was given for the host.
 *
 * @throws {UsageError} when a value is malformed.
 */
export function hostOptions(program: Command): { options: OpenOptions; settings: Settings } {
  const { defaultAddressPool, dnsOpt, ...rest } = program.opts<Omit<OpenOptions, 'defaultAddressPools' | 'dnsOptions'> & { defaultAddressPool?: Pool[]; dnsOpt?: string[] }>()
  const options: OpenOptions = { ...rest, ...(defaultAddressPool ? { defaultAddressPools: defaultAddressPool } : {}), ...(dnsOpt ? { dnsOptions: dnsOpt } : {}) }
  return { options, settings: asUsage(() => readOpenOptions(options), flagOf) }
}

const flagOf = (name: string): string | undefined => FLAGS[name as keyof OpenOptions]?.[0]?.long

/**
 * What the library would say of malformed values, said of the flags that they came by.
 *
 * @throws {UsageError}
 */
export function asUsage<T>(check: () => T, flagOf: (name: string) => string | undefined): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    throw new UsageError(error.message.replace(/^(?:[\w.]+: )?(\w+)(?= )/, (whole, name: string) => flagOf(name) ?? whole), { cause: error })
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

function addText(text: string, before: string[] = []): string[] {
  return [...before, text]
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is meant.')
  return Number(text)
}
