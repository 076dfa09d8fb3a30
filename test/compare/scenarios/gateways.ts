import type { CreateNetwork, Scenario } from '../steps.js'

const network = (name: string, subnet: string, more: Partial<CreateNetwork> = {}): CreateNetwork => ({
  do: 'create network',
  name,
  subnets: [{ subnet }],
  ...more,
})

/** Several networks, and which of them leads to the world. */
export const gateways: readonly Scenario[] = [
  {
    name: 'gw-priority',
    title: 'the default route by gw-priority',
    steps: [
      network('aaa', '172.20.0.0/16'),
      network('bbb', '172.21.0.0/16'),
      { do: 'run', name: 'app', network: 'aaa' },
      { do: 'connect', container: 'app', network: 'bbb', gwPriority: 5 },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'gw-priorities',
    title: 'four networks with gw-priority, published ports; each of the leading ones disconnected',
    steps: [
      network('aaa', '172.20.0.0/16'),
      network('bbb', '172.21.0.0/16'),
      network('ccc', '172.22.0.0/16'),
      network('closed', '172.23.0.0/16', { internal: true }),
      { do: 'run', name: 'app', network: 'bbb', publish: ['8080:80', '8053:53/udp'] },
      { do: 'connect', container: 'app', network: 'closed', gwPriority: 9 },
      { do: 'connect', container: 'app', network: 'ccc', gwPriority: 2 },
      { do: 'connect', container: 'app', network: 'aaa', gwPriority: -1 },
      { do: 'look', containers: ['app'], networks: ['ccc', 'closed'] },
      { do: 'disconnect', container: 'app', network: 'ccc' },
      { do: 'look', when: 'ccc left', containers: ['app'] },
      { do: 'disconnect', container: 'app', network: 'bbb' },
      { do: 'look', when: 'bbb left', containers: ['app'] },
      { do: 'disconnect', container: 'app', network: 'aaa' },
      { do: 'look', when: 'the internal one left over', containers: ['app'] },
    ],
  },
  {
    name: 'gw-names',
    title: 'the default route by name where priorities are the same, the default bridge among them',
    steps: [
      network('web', '172.20.0.0/16'),
      network('back', '172.21.0.0/16'),
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'connect', container: 'app', network: 'bridge' },
      { do: 'look', when: 'on web and bridge', containers: ['app'] },
      { do: 'connect', container: 'app', network: 'back' },
      { do: 'look', when: 'on back, too', containers: ['app'] },
      { do: 'disconnect', container: 'app', network: 'web' },
      { do: 'look', when: 'web left', containers: ['app'], networks: ['bridge'] },
    ],
  },
  {
    name: 'gw-families',
    title: 'one network for IPv4, another for IPv6',
    steps: [
      network('four', '172.20.0.0/16'),
      network('six', '2001:db8:1::/64', { ipv4: false, ipv6: true }),
      { do: 'run', name: 'app', network: 'four', publish: ['8080:80'] },
      { do: 'connect', container: 'app', network: 'six' },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'all-left',
    title: 'the only network disconnected, and connected again',
    steps: [
      network('web', '172.20.0.0/16'),
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'disconnect', container: 'app', network: 'web' },
      { do: 'look', when: 'without', containers: ['app'], networks: ['web'] },
      { do: 'connect', container: 'app', network: 'web', ip: '172.20.0.77' },
      { do: 'look', when: 'again', containers: ['app'], networks: ['web'] },
    ],
  },
]
