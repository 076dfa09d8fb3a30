import type { Command } from 'commander'
import { addPair, addText } from './values.js'

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
    .option('--force', 'also where a --subnet overlaps a route or an address of the host')
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
