import type { CreateNetwork, Run, Scenario } from '../steps.js'

const OPTION = 'com.docker.network.bridge.'

const network = (name: string, subnet: string, options: Readonly<Record<string, string>> = {}): CreateNetwork => ({
  do: 'create network',
  name,
  subnets: [{ subnet }],
  options,
})
const on = (network: string, name: string, ip: string, publish: readonly string[] = []): Run => ({
  do: 'run',
  name,
  network,
  ip,
  publish,
})

/** Who reaches whom, and is seen by which address. The neighbour is on the uplink, and sends our subnets to us. */
export const reaches: readonly Scenario[] = [
  {
    name: 'reach-bridge',
    title: 'connections to and from the default bridge',
    steps: [
      { do: 'run', name: 'app', publish: ['8080:80', '127.0.0.1:8081:81', '192.0.2.5:8082:81'] },
      { do: 'run', name: 'other' },
      {
        do: 'reach',
        tries: {
          neighbour: [
            '192.0.2.2:8080',
            '192.0.2.5:8080',
            '192.0.2.2:8081',
            '192.0.2.2:8082',
            '192.0.2.5:8082',
            '172.17.0.2:80',
            '172.17.0.2:81',
            '172.17.0.3:80',
            '172.17.0.1:8080',
          ],
          host: [
            '127.0.0.1:8080',
            '192.0.2.2:8080',
            '192.0.2.5:8080',
            '127.0.0.1:8081',
            '192.0.2.5:8082',
            '127.0.0.1:8082',
            '172.17.0.1:8080',
            '172.17.0.2:80',
            '172.17.0.3:80',
          ],
          other: [
            '172.17.0.2:80',
            '172.17.0.2:81',
            '192.0.2.2:8080',
            '172.17.0.1:8080',
            '172.17.0.1:8081',
            '192.0.2.5:8082',
            '192.0.2.9:80',
            '192.0.2.2:80',
            '172.17.0.1:80',
          ],
          app: ['192.0.2.2:8080', '172.17.0.1:8080', '192.0.2.5:8082', '192.0.2.9:80'],
        },
      },
    ],
  },
  {
    name: 'reach-networks',
    title: 'connections between networks, an internal one among them',
    steps: [
      network('web', '172.20.0.0/16'),
      network('back', '172.21.0.0/16'),
      { ...network('closed', '172.22.0.0/16'), internal: true },
      on('web', 'app', '172.20.0.9', ['8080:80']),
      on('back', 'db', '172.21.0.9'),
      on('closed', 'vault', '172.22.0.9'),
      on('closed', 'safe', '172.22.0.10'),
      {
        do: 'reach',
        tries: {
          neighbour: ['192.0.2.2:8080', '172.20.0.9:80', '172.21.0.9:80', '172.22.0.9:80'],
          host: ['172.20.0.9:80', '172.22.0.9:80'],
          app: ['172.21.0.9:80', '172.21.0.1:80', '172.22.0.9:80', '192.0.2.9:80'],
          db: ['172.20.0.9:80', '192.0.2.2:8080', '172.20.0.1:8080', '172.21.0.1:8080'],
          vault: [
            '172.22.0.10:80',
            '172.22.0.1:80',
            '172.22.0.1:8080',
            '192.0.2.2:80',
            '192.0.2.2:8080',
            '192.0.2.9:80',
            '172.20.0.9:80',
          ],
        },
      },
      { do: 'connect', container: 'db', network: 'web', ip: '172.20.0.77' },
      {
        do: 'reach',
        when: 'db on both',
        tries: {
          app: ['172.20.0.77:80', '172.21.0.9:80'],
          db: ['172.20.0.9:80', '192.0.2.9:80'],
          neighbour: ['172.20.0.77:80'],
        },
      },
    ],
  },
  {
    name: 'reach-options',
    title: 'connections to and from networks with the options of the bridge driver',
    steps: [
      network('unprotected', '10.1.0.0/24', { [`${OPTION}gateway_mode_ipv4`]: 'nat-unprotected' }),
      network('routed', '10.2.0.0/24', { [`${OPTION}gateway_mode_ipv4`]: 'routed' }),
      network('trusting', '10.3.0.0/24', { [`${OPTION}trusted_host_interfaces`]: 'uplink' }),
      network('known', '10.4.0.0/24', { 'com.docker.network.host_ipv4': '192.0.2.5' }),
      network('plain', '10.5.0.0/24', { [`${OPTION}enable_ip_masquerade`]: 'false' }),
      network('quiet', '10.6.0.0/24', { [`${OPTION}enable_icc`]: 'false' }),
      on('unprotected', 'aa', '10.1.0.9', ['8001:80']),
      on('routed', 'bb', '10.2.0.9', ['8002:80']),
      on('trusting', 'cc', '10.3.0.9', ['8003:80']),
      on('known', 'dd', '10.4.0.9', ['8004:80']),
      on('plain', 'ee', '10.5.0.9', ['8005:80']),
      on('quiet', 'ff', '10.6.0.9', ['8006:80']),
      on('quiet', 'gg', '10.6.0.10'),
      {
        do: 'reach',
        tries: {
          neighbour: [1, 2, 3, 4, 5, 6].flatMap((number) => [
            `192.0.2.2:800${number}`,
            `10.${number}.0.9:80`,
            `10.${number}.0.9:81`,
          ]),
          host: [1, 2, 3, 4, 5, 6].flatMap((number) => [`127.0.0.1:800${number}`, `10.${number}.0.9:81`]),
          aa: ['192.0.2.9:80', '10.2.0.9:80', '10.2.0.9:81'],
          bb: ['192.0.2.9:80', '10.1.0.9:80', '10.1.0.9:81'],
          cc: ['192.0.2.9:80'],
          dd: ['192.0.2.9:80', '192.0.2.2:8005'],
          ee: ['192.0.2.9:80', '192.0.2.2:8004'],
          ff: ['192.0.2.9:80', '10.6.0.10:80'],
          gg: ['10.6.0.9:80', '192.0.2.2:8006'],
        },
      },
    ],
  },
  {
    name: 'reach-ipv6',
    title: 'connections over IPv6',
    steps: [
      {
        ...network('six', '172.24.0.0/16'),
        ipv6: true,
        subnets: [{ subnet: '172.24.0.0/16' }, { subnet: 'fd00:24::/64' }],
      },
      {
        ...network('open', '172.25.0.0/16', { [`${OPTION}gateway_mode_ipv6`]: 'routed' }),
        ipv6: true,
        subnets: [{ subnet: '172.25.0.0/16' }, { subnet: 'fd00:25::/64' }],
      },
      { ...on('six', 'app', '172.24.0.9', ['8080:80']), ip6: 'fd00:24::9' },
      { ...on('six', 'other', '172.24.0.10'), ip6: 'fd00:24::10' },
      { ...on('open', 'direct', '172.25.0.9', ['8081:80']), ip6: 'fd00:25::9' },
      {
        do: 'reach',
        tries: {
          neighbour: [
            '[2001:db8::2]:8080',
            '[2001:db8::5]:8080',
            '192.0.2.2:8080',
            '[fd00:24::9]:80',
            '[fd00:24::9]:81',
            '[fd00:25::9]:80',
            '[fd00:25::9]:81',
            '[2001:db8::2]:8081',
            '192.0.2.2:8081',
          ],
          host: ['[::1]:8080', '[2001:db8::2]:8080', '[fd00:24::9]:81', '127.0.0.1:8080'],
          other: [
            '[fd00:24::9]:80',
            '[2001:db8::2]:8080',
            '[fd00:24::1]:8080',
            '[2001:db8::9]:80',
            '[fd00:25::9]:80',
            '[fd00:25::9]:81',
          ],
          app: ['[2001:db8::2]:8080', '[2001:db8::9]:80'],
          direct: ['[2001:db8::9]:80', '192.0.2.9:80', '[fd00:24::9]:80'],
        },
      },
    ],
  },
]
