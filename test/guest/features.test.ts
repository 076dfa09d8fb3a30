import test from 'ava'
import { execIn, ip, World } from '../helpers/world.js'

/**
 * What the guest is for: a kernel that has everything a driver may ask for. What it lacks is named here, before the
 * tests of the drivers say it in other words.
 */

/** What is made, and by which command. "uplink" is a link of the host. */
const LINKS = {
  dummy: 'type dummy',
  'macvlan in bridge mode': 'link uplink type macvlan mode bridge',
  'macvlan in private mode': 'link uplink type macvlan mode private',
  'macvlan in vepa mode': 'link uplink type macvlan mode vepa',
  'macvlan in passthru mode': 'link uplink type macvlan mode passthru',
  'ipvlan in l2 mode': 'link uplink type ipvlan mode l2',
  'ipvlan in l3 mode': 'link uplink type ipvlan mode l3',
  'ipvlan in l3s mode': 'link uplink type ipvlan mode l3s',
  'ipvlan with the flag private': 'link uplink type ipvlan mode l2 private',
  'ipvlan with the flag vepa': 'link uplink type ipvlan mode l2 vepa',
  'vlan (802.1q)': 'link uplink type vlan id 50',
  vxlan: 'type vxlan id 42 dstport 4789 dev uplink',
  wireguard: 'type wireguard',
}

const CHAINS = {
  'family inet': 'table inet x { chain y { type filter hook forward priority 0; ct state established accept; }; }',
  'family bridge': 'table bridge x { chain y { type filter hook forward priority 0; }; }',
  'what enters a link': 'table netdev x { chain y { type filter hook ingress device "uplink" priority 0; }; }',
  'what leaves a link': 'table netdev x { chain y { type filter hook egress device "uplink" priority 0; }; }',
}

/** Those of a table that could not be made, each with the tool's words. */
function refused(table: Readonly<Record<string, string>>, make: (command: string) => void): string[] {
  return Object.entries(table).flatMap(([name, command]) => {
    try {
      make(command)
      return []
    } catch (error) {
      return [`${name}: ${(error as Error).message}`]
    }
  })
}

test.serial('the kernel makes every kind of link that drivers use', (t) => {
  const { host } = new World(t)
  t.deepEqual(
    refused(LINKS, (command) => {
      ip('-n', host.name, 'link', 'add', 'name', 'new', ...command.split(' '))
      ip('-n', host.name, 'link', 'delete', 'new')
    }),
    [],
  )
})

test.serial('nf_tables has the families and hooks that drivers use', (t) => {
  const { host } = new World(t)
  t.deepEqual(
    refused(CHAINS, (text) => {
      execIn(host, 'nft', text)
      execIn(host, 'nft', 'flush', 'ruleset')
    }),
    [],
  )
})

test.serial('bridged frames can cross the inet hooks, and need not (br_netfilter)', (t) => {
  for (const bridgeCallsIptables of [true, false]) {
    const { host } = new World(t, { bridgeCallsIptables })
    t.is(execIn(host, 'sysctl', '-n', 'net.bridge.bridge-nf-call-iptables').trim(), bridgeCallsIptables ? '1' : '0')
  }
})
