import type { CallOptions } from '../base/call.js'
import type { SubnetRequest } from '../base/addresses/subnet-request.js'
import type { CreateNetworkOptions } from '../networks/create-options.js'
import type { OpenOptions } from '../api/options.js'
import type { CreateOptions } from '../api/sandboxes/create-options.js'

/** The flag that each option of the library comes by. */
const FLAGS: Record<
  Exclude<
    keyof OpenOptions | keyof CreateOptions | keyof CreateNetworkOptions | keyof SubnetRequest,
    'pool' | 'heal' | 'ephemeral' | 'defaultRoute' | keyof CallOptions
  >,
  string
> = {
  addHost: '--add-host',
  aliases: '--network-alias',
  auxAddresses: '--aux-address',
  bip: '--bip',
  bip6: '--bip6',
  bridgeName: '--bridge-name',
  defaultAddressPools: '--default-address-pool',
  defaultGateway: '--default-gateway',
  defaultGatewayV6: '--default-gateway-v6',
  dns: '--dns',
  dnsOptions: '--dns-opt',
  dnsSearch: '--dns-search',
  domainname: '--domainname',
  driver: '--driver',
  fixedCidr: '--fixed-cidr',
  fixedCidrV6: '--fixed-cidr-v6',
  force: '--force',
  forwarding: '--forwarding',
  gateway: '--gateway',
  gwPriority: '--gw-priority',
  hostname: '--hostname',
  icc: '--icc',
  interface: '--interface',
  internal: '--internal',
  ip: '--ip',
  ip6: '--ip6',
  ipMasq: '--ip-masq',
  ipRange: '--ip-range',
  ipv4: '--ipv4',
  ipv6: '--ipv6',
  labels: '--label',
  mac: '--mac-address',
  mtu: '--mtu',
  name: '--name',
  netns: '--netns',
  network: '--network',
  options: '--opt',
  portsPerBridge: '--ports-per-bridge',
  publish: '-p',
  stateDir: '--state-dir',
  subnet: '--subnet',
  subnets: '--subnet',
}

/**
 * What the library says of its options, said of the flags that they came by, and of the commands that do the same.
 *
 * @param own - What a command has instead of a flag: an argument.
 */
export function inFlags(message: string, own: Readonly<Record<string, string>> = {}): string {
  const flagOf = (option: string): string | undefined =>
    own[option] ?? (Object.hasOwn(FLAGS, option) ? FLAGS[option as keyof typeof FLAGS] : undefined)
  return (
    message
      .replace(/^(?:\w+\.\w+: |(?:dis)?connect: )?(\w+)(?=[ :])/, (whole, option: string) => flagOf(option) ?? whole)
      // A list is a flag that is given several times.
      .replace(
        /^(--[\w-]+) must be a list of (.+?)(?: \((".*") is none\))?, and is \[ ?(.*?) ?\]\.$/s,
        (_, flag: string, what: string, wrong: string | undefined, given: string) =>
          `${flag} takes ${what.replace(/\[('[^\]]*')\]/g, '$1')}. ${wrong ?? given} is not one.`,
      )
      .replace(/\bsubnets\[\d+\]\.auxAddresses\.(\S+)/g, '--aux-address $1')
      .replace(/\bsubnets\[\d+\]\.(\w+)/g, (whole, option: string) => flagOf(option) ?? whole)
      .replace(
        /\b([Ll]eave) (\w+) out\b/g,
        (_, leave: string, option: string) => `${leave} ${flagOf(option) ?? option} out`,
      )
      // What is in quotes was given, and may be a name.
      .replace(/"[^"]*"|\b[a-z]+[A-Z]\w*/g, (word) => flagOf(word) ?? word)
      .replace(/\b(ipv[46]|internal|force): true\b/g, '--$1')
      .replace(/\bslipway\.networks\.create\(\{ name: "([^"]*)" \}\)/g, 'slipway network create $1')
      .replace(/\bslipway\.networks\.create\b/g, 'slipway network create')
      .replace(/\{ base: '([^']*)', size: (\d+) \}/g, 'base=$1,size=$2')
      .replace('(as Slipway.open has it)', '(as --mtu has it)')
      .replace('the next open() tries', 'the next command tries')
  )
}
