import type { Scenario } from '../steps.js'

/** Networks of one's own and what is connected to them. */
export const networks: readonly Scenario[] = [
  {
    name: 'network',
    title: 'a network of one’s own, subnet from the pools',
    steps: [
      { do: 'create network', name: 'web' },
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['web'] },
    ],
  },
  {
    name: 'network-subnet',
    title: 'subnet, gateway, ip-range, aux-address, labels',
    steps: [
      {
        do: 'create network',
        name: 'web',
        subnets: [
          {
            subnet: '172.20.0.0/16',
            gateway: '172.20.0.254',
            ipRange: '172.20.5.0/24',
            auxAddresses: { dns: '172.20.5.1', printer: '172.20.5.2' },
          },
        ],
        labels: { tier: 'front' },
      },
      { do: 'run', name: 'app', network: 'web' },
      { do: 'run', name: 'db', network: 'web' },
      { do: 'look', containers: ['app', 'db'], networks: ['web'] },
    ],
  },
  {
    name: 'network-static',
    title: 'a subnet without a gateway named, a static address, aliases',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'run', name: 'app', network: 'web', ip: '172.20.5.77', aliases: ['www', 'w2'] },
      { do: 'run', name: 'taken', network: 'web', ip: '172.20.5.77', refused: true },
      { do: 'run', name: 'outside', network: 'web', ip: '10.0.0.1', refused: true },
      { do: 'run', name: 'other-family', network: 'web', ip6: '2001:db8:1::9', refused: true },
      { do: 'look', containers: ['app'], networks: ['web'] },
    ],
  },
  {
    name: 'connect',
    title: 'a second network at run time, with address and alias; disconnected; removed',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'create network', name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] },
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'connect', container: 'app', network: 'back', ip: '172.21.0.9', aliases: ['backapp'] },
      { do: 'look', containers: ['app'], networks: ['web', 'back'] },
      { do: 'connect', container: 'app', network: 'back', refused: true },
      { do: 'remove network', name: 'back', refused: true },
      { do: 'disconnect', container: 'app', network: 'web' },
      { do: 'look', when: 'disconnected', containers: ['app'], networks: ['web', 'back'] },
      { do: 'disconnect', container: 'app', network: 'web', refused: true },
      { do: 'remove', name: 'app' },
      { do: 'look', when: 'removed', networks: ['back'] },
      { do: 'remove network', name: 'back' },
    ],
  },
  {
    name: 'connect-default',
    title: 'a container of the default bridge, connected to a network',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'run', name: 'app' },
      { do: 'connect', container: 'app', network: 'web' },
      { do: 'look', containers: ['app'], networks: ['web'] },
    ],
  },
]
