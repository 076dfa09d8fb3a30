import type { Scenario } from '../steps.js'

/** Names, and the files that tell them. */
export const names: readonly Scenario[] = [
  {
    name: 'names',
    title: 'hostname, add-host, dns, mac-address on the default bridge',
    steps: [
      {
        do: 'run',
        name: 'app',
        hostname: 'web.example.org',
        mac: '02:42:ac:11:00:99',
        addHost: ['db:192.0.2.9', 'gw:host-gateway', 'six:2001:db8::9'],
        dns: ['192.0.2.99'],
        dnsSearch: ['x.example'],
        dnsOptions: ['ndots:3'],
      },
      { do: 'run', name: 'plain', hostname: 'w', domainname: 'd.example', dnsSearch: ['.'] },
      { do: 'look', containers: ['app', 'plain'] },
    ],
  },
  {
    name: 'names-network',
    title: 'hostname, add-host, dns, mac-address on a network',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      {
        do: 'run',
        name: 'app',
        network: 'web',
        hostname: 'web.example.org',
        mac: '02:42:ac:14:00:99',
        addHost: ['gw:host-gateway'],
        dns: ['192.0.2.99'],
        dnsSearch: ['x.example'],
        dnsOptions: ['timeout:3'],
      },
      { do: 'look', containers: ['app'], networks: ['web'] },
    ],
  },
  {
    name: 'names-host',
    title: 'hostname, add-host and dns in host mode',
    steps: [
      { do: 'run', name: 'app', network: 'host', hostname: 'web', addHost: ['db:192.0.2.9'], dns: ['192.0.2.99'] },
      { do: 'look', containers: ['app'] },
    ],
  },
]
