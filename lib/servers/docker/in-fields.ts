import type { CreateOptions } from '../../api/sandboxes/create-options.js'
import type { EndpointOptions } from '../../api/sandboxes/endpoint-options.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import type { CallOptions } from '../../base/call.js'
import type { CreateNetworkOptions } from '../../networks/create-options.js'

type Option = Exclude<
  keyof CreateNetworkOptions | keyof CreateOptions | keyof EndpointOptions | keyof SubnetRequest,
  'force' | 'netns' | 'ephemeral' | 'forwarding' | 'defaultRoute' | keyof CallOptions
>

/** The field of Docker's API that each option of the library comes by. */
const FIELDS: Readonly<Record<Option, string>> = {
  addHost: 'HostConfig.ExtraHosts',
  aliases: 'Aliases',
  auxAddresses: 'AuxiliaryAddresses',
  dns: 'HostConfig.Dns',
  dnsOptions: 'HostConfig.DnsOptions',
  dnsSearch: 'HostConfig.DnsSearch',
  domainname: 'Domainname',
  driver: 'Driver',
  gateway: 'Gateway',
  gwPriority: 'GwPriority',
  hostname: 'Hostname',
  interface: 'DriverOpts["com.docker.network.endpoint.ifname"]',
  internal: 'Internal',
  ip: 'IPAMConfig.IPv4Address',
  ip6: 'IPAMConfig.IPv6Address',
  ipRange: 'IPRange',
  ipv4: 'EnableIPv4',
  ipv6: 'EnableIPv6',
  labels: 'Labels',
  mac: 'MacAddress',
  name: 'Name',
  network: 'HostConfig.NetworkMode',
  options: 'Options',
  publish: 'HostConfig.PortBindings',
  subnet: 'Subnet',
  subnets: 'IPAM.Config',
}

const fieldOf = (option: string): string | undefined =>
  Object.hasOwn(FIELDS, option) ? FIELDS[option as Option] : undefined

/** What the library says of its options, said of the fields that they came by. */
export const inFields = (message: string): string =>
  message
    .replace(
      /^(?:networks\.\w+: |sandboxes\.\w+: |(?:dis)?connect: )?(\w+)(?=[ :])/,
      (whole, option: string) => fieldOf(option) ?? whole,
    )
    .replace(
      /\bsubnets\[(\d+)\](?:\.(\w+))?/g,
      (_, at: string, option?: string) =>
        `IPAM.Config[${at}]${option === undefined ? '' : `.${fieldOf(option) ?? option}`}`,
    )
    .replace(/\bslipway\.networks\.create\(\{ name: "([^"]*)" \}\)/g, 'docker network create $1')
