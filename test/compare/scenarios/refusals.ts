import type { Scenario } from '../steps.js'

/** What Docker refuses of networks and attachments. */
export const refusals: readonly Scenario[] = [
  {
    name: 'network-refused',
    title: 'networks that are refused',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'create network', name: 'web', refused: true },
      { do: 'create network', name: 'host', refused: true },
      { do: 'create network', name: 'overlapping', subnets: [{ subnet: '172.20.0.0/16' }], refused: true },
      { do: 'create network', name: 'gateway-outside', subnets: [{ subnet: '172.30.0.0/16', gateway: '10.0.0.1' }], refused: true },
      { do: 'create network', name: 'range-outside', subnets: [{ subnet: '172.30.0.0/16', ipRange: '10.0.0.0/24' }], refused: true },
      { do: 'create network', name: 'host-bits', subnets: [{ subnet: '172.30.0.5/16' }], refused: true },
      { do: 'create network', name: 'bad-icc', options: { 'com.docker.network.bridge.enable_icc': 'maybe' }, refused: true },
      {
        do: 'create network',
        name: 'isolated',
        subnets: [{ subnet: '10.12.0.0/24' }],
        options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' },
        refused: true,
      },
      { do: 'create network', name: 'unknown-option', options: { 'com.docker.network.bridge.nonsense': '1' } },
    ],
  },
  {
    name: 'attach-refused',
    title: 'attachments that are refused',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'run', name: 'app', network: 'web' },
      { do: 'run', name: 'hosted', network: 'host' },
      { do: 'run', name: 'nowhere', network: 'nonexistent', refused: true },
      { do: 'run', name: 'no-owner', network: 'container:nonexistent', refused: true },
      { do: 'run', name: 'default-ip', ip: '172.17.0.77', refused: true },
      { do: 'run', name: 'default-alias', aliases: ['www'], refused: true },
      { do: 'connect', container: 'app', network: 'host', refused: true },
      { do: 'connect', container: 'app', network: 'none', refused: true },
      { do: 'connect', container: 'hosted', network: 'web', refused: true },
      { do: 'connect', container: 'app', network: 'bridge', aliases: ['www'], refused: true },
      { do: 'disconnect', container: 'hosted', network: 'host', refused: true },
      { do: 'remove network', name: 'bridge', refused: true },
    ],
  },
]
