import type { Scenario } from '../steps.js'

/** Published ports. */
export const ports: readonly Scenario[] = [
  {
    name: 'publish',
    title: 'the four forms of -p',
    steps: [
      { do: 'run', name: 'app', publish: ['80', '8888:80', '192.0.2.5::81', '192.0.2.5:8889:81'] },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'publish-ranges',
    title: 'UDP and ranges',
    steps: [
      { do: 'run', name: 'app', publish: ['53:53/udp', '7000-7002:90-92', '7100-7110:95'] },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'publish-addresses',
    title: 'published on 127.0.0.1, on one IPv6 address, on every one of one family',
    steps: [
      { do: 'run', name: 'app', publish: ['127.0.0.1:8891:83', '0.0.0.0:8892:84'] },
      { do: 'run', name: 'six', publish: ['[2001:db8::5]:8890:82', '[::]:8893:85'], spare: true },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'publish-refused',
    title: 'ports that are refused',
    steps: [
      { do: 'run', name: 'app', publish: ['8080:80'] },
      { do: 'run', name: 'taken', publish: ['8080:81'], refused: true },
      { do: 'run', name: 'taken-specific', publish: ['192.0.2.5:8080:81'], refused: true },
      { do: 'run', name: 'unequal', publish: ['8000-8002:80-81'], refused: true },
      { do: 'run', name: 'same-twice', publish: ['8090:80', '8090:81'], refused: true },
      { do: 'run', name: 'no-protocol', publish: ['8090:80/icmp'], refused: true },
      { do: 'run', name: 'no-port', publish: ['web:80'], refused: true },
      { do: 'run', name: 'foreign-address', publish: ['198.51.100.7:8090:80'], refused: true },
      { do: 'run', name: 'too-large', publish: ['99999:80'], refused: true },
    ],
  },
  {
    name: 'publish-nowhere',
    title: 'published ports where nothing can come in',
    steps: [
      { do: 'create network', name: 'closed', internal: true, subnets: [{ subnet: '172.22.0.0/16' }] },
      { do: 'run', name: 'inside', network: 'closed', publish: ['8080:80'] },
    ],
  },
  {
    name: 'publish-none',
    title: 'a published port in none mode',
    steps: [{ do: 'run', name: 'app', network: 'none', publish: ['8080:80'] }],
  },
]
