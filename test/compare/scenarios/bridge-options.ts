import type { Scenario } from '../steps.js'

/** Networks with the bridge driver's options. */
export const bridgeOptions: readonly Scenario[] = [
  {
    name: 'internal',
    title: 'an internal network',
    steps: [
      { do: 'create network', name: 'closed', internal: true, subnets: [{ subnet: '172.22.0.0/16' }] },
      { do: 'run', name: 'app', network: 'closed' },
      { do: 'look', containers: ['app'], networks: ['closed'] },
    ],
  },
  {
    name: 'options',
    title: 'MTU, name of the bridge, prefix of interfaces',
    steps: [
      {
        do: 'create network',
        name: 'small',
        subnets: [{ subnet: '172.23.0.0/16' }],
        options: { 'com.docker.network.driver.mtu': '1400', 'com.docker.network.bridge.name': 'br-small', 'com.docker.network.container_iface_prefix': 'net' },
      },
      { do: 'run', name: 'app', network: 'small' },
      { do: 'look', containers: ['app'], networks: ['small'] },
    ],
  },
  {
    name: 'icc-off',
    title: 'enable_icc=false',
    steps: [
      { do: 'create network', name: 'quiet', subnets: [{ subnet: '172.25.0.0/16' }], options: { 'com.docker.network.bridge.enable_icc': 'false' } },
      { do: 'run', name: 'app', network: 'quiet' },
      { do: 'look', containers: ['app'], networks: ['quiet'] },
    ],
  },
  {
    name: 'host-binding',
    title: 'host_binding_ipv4',
    steps: [
      { do: 'create network', name: 'local', subnets: [{ subnet: '172.25.0.0/16' }], options: { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' } },
      { do: 'run', name: 'app', network: 'local', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['local'] },
    ],
  },
  {
    name: 'routed',
    title: 'gateway mode routed',
    steps: [
      { do: 'create network', name: 'routed', subnets: [{ subnet: '10.10.0.0/24' }], options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'routed' } },
      { do: 'run', name: 'app', network: 'routed', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['routed'] },
    ],
  },
  {
    name: 'isolated',
    title: 'gateway mode isolated',
    steps: [
      {
        do: 'create network',
        name: 'alone',
        internal: true,
        subnets: [{ subnet: '10.11.0.0/24' }],
        options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' },
      },
      { do: 'run', name: 'app', network: 'alone' },
      { do: 'look', containers: ['app'], networks: ['alone'] },
    ],
  },
]
