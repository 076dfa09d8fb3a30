import type { Command } from 'commander'
import { checkNetworkOptions, type CreateNetworkOptions } from '../../networks/create-options.js'
import { addPair, addText } from '../arguments.js'
import { asUsage } from '../failures.js'
import { hostOptions } from '../host-options.js'
import { print, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { checkSubnets, subnetRequests, type SubnetFlags } from './subnets.js'

const BRIDGE_OPTIONS = `
Options for --opt, each with com.docker.network. before it:
  bridge.name=br0                         name of the bridge (default: br- and the id)
  bridge.enable_icc=false                 its sandboxes may not talk to each other
  bridge.enable_ip_masquerade=false       they go out under their own addresses
  bridge.host_binding_ipv4=127.0.0.1      host address of ports that are published without one
  bridge.host_binding_ipv6=::1            the same for IPv6
  bridge.gateway_mode_ipv4=nat            nat, nat-unprotected, routed or isolated
  bridge.gateway_mode_ipv6=routed         the same for IPv6
  bridge.inhibit_ipv4=true                the bridge gets no IPv4 address
  bridge.trusted_host_interfaces=eth1     packets from there may go to published ports
  driver.mtu=1400                         bytes (default: 1500)
  container_iface_prefix=net              interfaces are net0, net1 (default: eth)
  host_ipv4=192.0.2.5                     address under which its sandboxes go out
  host_ipv6=2001:db8::5                   the same for IPv6`

const SEGMENT_OPTIONS = `
Options for --opt with -d macvlan or -d ipvlan:
  parent=eth0                             link whose segment sandboxes are on; eth0.50: its VLAN 50
  macvlan_mode=bridge                     bridge, private, vepa or passthru
  ipvlan_mode=l2                          l2, l3 or l3s
  ipvlan_flag=bridge                      bridge, private or vepa
  host_shim=true                          host and sandboxes reach each other`

const AFTER = `
With several --subnet, each --gateway, --ip-range and --aux-address belongs to the
subnet that it lies in. --subnet 0.0.0.0/24 means any free subnet of that size.
${BRIDGE_OPTIONS}
${SEGMENT_OPTIONS}

Examples:
  slipway network create web
  slipway network create --subnet 172.20.0.0/16 --ip-range 172.20.5.0/24 web
  slipway network create --ipv6 --subnet 172.20.0.0/16 --subnet fd00:1:2:3::/64 web
  slipway network create --internal --label team=blue back
  slipway network create --opt com.docker.network.driver.mtu=1400 web
  slipway network create -d macvlan --subnet 192.168.1.0/24 --opt parent=eth0 lan`

interface Flags extends SubnetFlags {
  driver?: string
  ipv4?: boolean
  ipv6?: true
  internal?: true
  label?: Record<string, string>
  opt?: Record<string, string>
}

/** The flags of `docker network create`. */
export function addNetworkOptions(command: Command): Command {
  return command
    .usage('[OPTIONS] NAME')
    .argument('<name>', 'name of the network: letters, digits, "_", "." and "-"')
    .optionsGroup('Options (of its addresses):')
    .option(
      '--subnet <cidr>',
      'as in 172.20.0.0/16 (default: a free subnet of the address pools); may be repeated',
      addText,
    )
    .option(
      '--gateway <address>',
      "the bridge's own address, and the sandboxes' gateway (default: the first of the subnet); may be repeated",
      addText,
    )
    .option(
      '--ip-range <cidr>',
      'part of the subnet that addresses come from (default: all of it); may be repeated',
      addText,
    )
    .option(
      '--aux-address <name=address>',
      'address that no sandbox gets, as in router=172.20.0.9; may be repeated',
      addPair,
    )
    .option('--ipv4', 'with IPv4 (default)')
    .option('--no-ipv4', 'without IPv4')
    .option('--ipv6', 'with IPv6 (default: when a subnet is IPv6)')
    .optionsGroup('Options:')
    .option('-d, --driver <driver>', 'bridge (default), macvlan or ipvlan')
    .option('--internal', 'only sandboxes of this network and the host reach each other')
    .option('--label <key=value>', 'inspect shows it, and lists can be filtered by it; may be repeated', addPair)
    .option('-o, --opt <key=value>', 'option of the bridge (see below); may be repeated', addPair)
    .addHelpText('after', AFTER)
}

/**
 * What was asked for, checked as far as that goes without looking at the host.
 *
 * @throws {UsageError}
 */
export function networkOptions(program: Command, name: string, flags: Flags): CreateNetworkOptions {
  const { settings } = hostOptions(program)
  const { subnet, gateway, ipRange, auxAddress, label, opt, ...rest } = flags
  const subnets = subnetRequests(flags)
  const options: CreateNetworkOptions = {
    name,
    ...rest,
    ...(subnets.length > 0 ? { subnets } : {}),
    ...(label ? { labels: label } : {}),
    ...(opt ? { options: opt } : {}),
  }
  asUsage(
    () => {
      checkNetworkOptions(options, settings)
      checkSubnets(subnets)
    },
    { name: 'NAME' },
  )
  return options
}

/** `slipway network create`. */
export function addNetworkCreate(program: Command, network: Command): void {
  addNetworkOptions(network.command('create'))
    .description('create a network (a bridge with addresses, apart from all other networks) and print its id')
    .option('--json', 'print what was made, as inspect does')
    .action(async (name: string, { json, ...flags }: Flags & { json?: true }) => {
      const options = networkOptions(program, name, flags)
      await withSlipway(program, async (slipway) => {
        const made = await slipway.networks.create(options)
        if (json) printJson([await made.inspect()])
        else print(made.id)
      })
    })
}
