import type { Scenario } from '../steps.js'

/** The second family. */
export const ipv6: readonly Scenario[] = [
  {
    name: 'ipv6',
    title: 'IPv4 and IPv6',
    steps: [
      {
        do: 'create network',
        name: 'six',
        ipv6: true,
        subnets: [{ subnet: '172.24.0.0/16' }, { subnet: '2001:db8:1::/64' }],
      },
      { do: 'run', name: 'app', network: 'six', publish: ['8080:80'] },
      { do: 'run', name: 'fixed', network: 'six', ip: '172.24.0.99', ip6: '2001:db8:1::99' },
      { do: 'look', containers: ['app', 'fixed'], networks: ['six'] },
    ],
  },
  {
    name: 'ipv6-only',
    title: 'IPv6 alone',
    steps: [
      {
        do: 'create network',
        name: 'six',
        ipv4: false,
        ipv6: true,
        subnets: [{ subnet: '2001:db8:1::/64', gateway: '2001:db8:1::ff' }],
      },
      { do: 'run', name: 'app', network: 'six', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['six'] },
    ],
  },
  {
    name: 'ipv6-pool',
    title: 'IPv6 without a subnet named',
    steps: [
      { do: 'create network', name: 'six', ipv6: true },
      { do: 'run', name: 'app', network: 'six' },
      { do: 'look', containers: ['app'], networks: ['six'] },
    ],
  },
]
