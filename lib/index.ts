/**
 * Docker's container networking inside a Node.js process.
 *
 * @packageDocumentation
 */
export { SlipwayError, type KernelRefusal, type SlipwayErrorCode } from './errors.js'
export type { GatewayMode } from './firewall/network-elements.js'
export type { AddressPoolSpec } from './ipam/default-subnet.js'
export type { IpFamily } from './ipam/ip.js'
export type { SubnetRequest } from './ipam/subnet-request.js'
export type { NameOptions } from './names/options.js'
export type { CreateNetworkOptions } from './network/create-options.js'
export type { NetworkFilters, PruneFilters } from './network/filters.js'
export type { IpamConfig, NetworkInspect } from './network/inspect.js'
export type { Network } from './network/network.js'
export type { Networks } from './network/networks.js'
export type { OpenOptions } from './options.js'
export type { Protocol } from './plan/operation.js'
export type { PortMapping, PortProtocol, PortRange, PortRequest } from './ports/mapping.js'
export type { Reconciled } from './reconcile/reconcile.js'
export type { CreateOptions } from './sandbox/create-options.js'
export type { Endpoint } from './sandbox/endpoint.js'
export type { EndpointOptions } from './sandbox/endpoint-options.js'
export type { SandboxFiles } from './sandbox/files.js'
export type { EndpointSettings, NetworkSettings } from './sandbox/inspect.js'
export type { Sandbox } from './sandbox/sandbox.js'
export type { Sandboxes } from './sandbox/sandboxes.js'
export type { InterfaceStats, PortStats, SandboxStats } from './sandbox/stats.js'
export { Slipway } from './slipway.js'
