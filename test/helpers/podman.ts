/** What podman asks netavark for, and netavark a plugin. */

export const WEB = {
  name: 'web',
  id: '53ce4390f2adb1681eb1a90ec8b48c49c015e0a8d336c197637e7f65e365fa9e',
  driver: 'slipway',
  network_interface: 'podman1',
  subnets: [{ subnet: '172.20.0.0/24', gateway: '172.20.0.1' }],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: true,
  ipam_options: { driver: 'host-local' },
}

export const DB = {
  ...WEB,
  name: 'db',
  id: '77',
  subnets: [{ subnet: '172.21.0.0/24' }, { subnet: 'fd00:21::/64' }],
  ipv6_enabled: true,
}

export const SHOP = {
  container_id: '2d0fe608dc86d7ba65dcec724a335b618328f08daa62afd2ee7fa9d41f74e5a9',
  container_name: 'shop',
  port_mappings: [{ container_port: 80, host_ip: '', host_port: 8080, protocol: 'tcp', range: 2 }],
}

/** On the network {@link WEB}. */
export const ON_WEB = { interface_name: 'eth0', static_ips: ['172.20.0.7'], aliases: ['store'] }
/** On {@link DB}, after that. */
export const ON_DB = {
  interface_name: 'eth1',
  static_ips: ['172.21.0.7', 'fd00:21::7'],
  static_mac: '02:00:00:00:00:07',
}
