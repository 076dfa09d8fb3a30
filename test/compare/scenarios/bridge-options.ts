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
        options: {
          'com.docker.network.driver.mtu': '1400',
          'com.docker.network.bridge.name': 'br-small',
          'com.docker.network.container_iface_prefix': 'net',
        },
      },
      { do: 'run', name: 'app', network: 'small' },
      { do: 'look', containers: ['app'], networks: ['small'] },
    ],
  },
  {
    name: 'icc-off',
    title: 'enable_icc=false',
    steps: [
      {
        do: 'create network',
        name: 'quiet',
        subnets: [{ subnet: '172.25.0.0/16' }],
        options: { 'com.docker.network.bridge.enable_icc': 'false' },
      },
      { do: 'run', name: 'app', network: 'quiet' },
      { do: 'look', containers: ['app'], networks: ['quiet'] },
    ],
  },
  {
    name: 'host-binding',
    title: 'host_binding_ipv4',
    steps: [
      {
        do: 'create network',
        name: 'local',
        subnets: [{ subnet: '172.25.0.0/16' }],
        options: { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' },
      },
      { do: 'run', name: 'app', network: 'local', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['local'] },
    ],
  },
  {
    name: 'routed',
    title: 'gateway mode routed',
    steps: [
      {
        do: 'create network',
        name: 'routed',
        subnets: [{ subnet: '10.10.0.0/24' }],
        options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'routed' },
      },
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
  {
    name: 'routed-both',
    title: 'gateway mode routed for both families, and a port published on one address',
    steps: [
      {
        do: 'create network',
        name: 'routed',
        ipv6: true,
        subnets: [{ subnet: '10.10.0.0/24' }, { subnet: '2001:db8:1::/64' }],
        options: {
          'com.docker.network.bridge.gateway_mode_ipv4': 'routed',
          'com.docker.network.bridge.gateway_mode_ipv6': 'routed',
        },
      },
      { do: 'run', name: 'app', network: 'routed', publish: ['80', '8443:443', '192.0.2.5:8081:81'] },
      { do: 'look', containers: ['app'], networks: ['routed'] },
    ],
  },
  {
    name: 'routed-ipv6',
    title: 'NAT for IPv4, routed IPv6',
    steps: [
      {
        do: 'create network',
        name: 'mixed',
        ipv6: true,
        subnets: [{ subnet: '10.10.0.0/24' }, { subnet: '2001:db8:1::/64' }],
        options: { 'com.docker.network.bridge.gateway_mode_ipv6': 'routed' },
      },
      { do: 'run', name: 'app', network: 'mixed', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['mixed'] },
    ],
  },
  {
    name: 'nat-unprotected',
    title: 'gateway mode nat-unprotected',
    steps: [
      {
        do: 'create network',
        name: 'open',
        subnets: [{ subnet: '10.10.0.0/24' }],
        options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' },
      },
      { do: 'run', name: 'app', network: 'open', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['open'] },
    ],
  },
  {
    name: 'trusted',
    title: 'trusted interfaces of the host',
    steps: [
      {
        do: 'create network',
        name: 'web',
        subnets: [{ subnet: '172.20.0.0/16' }],
        options: { 'com.docker.network.bridge.trusted_host_interfaces': 'uplink:lo' },
      },
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'look', containers: ['app'], networks: ['web'] },
    ],
  },
  {
    name: 'snat-source',
    title: 'host_ipv4, the address under which the outside sees the network; no masquerading',
    steps: [
      {
        do: 'create network',
        name: 'known',
        subnets: [{ subnet: '172.20.0.0/16' }],
        options: { 'com.docker.network.host_ipv4': '192.0.2.5' },
      },
      {
        do: 'create network',
        name: 'plain',
        subnets: [{ subnet: '172.21.0.0/16' }],
        options: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' },
      },
      { do: 'run', name: 'app', network: 'known', publish: ['8080:80'] },
      { do: 'run', name: 'other', network: 'plain' },
      { do: 'look', containers: ['app', 'other'], networks: ['known', 'plain'] },
    ],
  },
  {
    name: 'inhibit-ipv4',
    title: 'inhibit_ipv4: the gateway is another machine',
    steps: [
      {
        do: 'create network',
        name: 'lan',
        subnets: [{ subnet: '172.20.0.0/16', gateway: '172.20.0.254' }],
        options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
      },
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
    ],
  },
  {
    name: 'host-binding-ipv6',
    title: 'host_binding_ipv4 and host_binding_ipv6 of networks with both families',
    steps: [
      {
        do: 'create network',
        name: 'own',
        ipv6: true,
        subnets: [{ subnet: '172.24.0.0/16' }, { subnet: '2001:db8:2::/64' }],
        options: { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' },
      },
      { do: 'run', name: 'here', network: 'own', publish: ['8081:80'] },
      {
        do: 'create network',
        name: 'every',
        ipv6: true,
        subnets: [{ subnet: '172.23.0.0/16' }, { subnet: '2001:db8:3::/64' }],
        options: { 'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0' },
      },
      { do: 'run', name: 'everywhere', network: 'every', publish: ['8082:80'] },
      {
        do: 'create network',
        name: 'local',
        ipv6: true,
        subnets: [{ subnet: '172.25.0.0/16' }, { subnet: '2001:db8:1::/64' }],
        options: {
          'com.docker.network.bridge.host_binding_ipv4': '192.0.2.5',
          'com.docker.network.bridge.host_binding_ipv6': '2001:db8::5',
        },
      },
      { do: 'run', name: 'app', network: 'local', publish: ['8080:80', '443'] },
      { do: 'look', containers: ['app', 'here', 'everywhere'], networks: ['local'] },
    ],
  },
]
