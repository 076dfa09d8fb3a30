/**
 * Docker's container networking inside a Node.js process.
 *
 * @packageDocumentation
 */
export { readDaemonConfig, type DaemonConfig } from './api/daemon-config.js'
export { SlipwayError, type KernelRefusal, type NotUndone, type SlipwayErrorCode } from './base/errors.js'
export type { GatewayMode } from './base/gateway-mode.js'
export type { AddressPoolSpec } from './base/settings.js'
export type { IpFamily } from './base/addresses/ip.js'
export type { SubnetRequest } from './base/addresses/subnet-request.js'
export type { NameOptions } from './base/name-options.js'
export type {
  BridgeDriverOptions,
  DockerDriverOptions,
  IpvlanDriverOptions,
  MacvlanDriverOptions,
} from './base/driver-options.js'
export type {
  CommonNetworkOptions,
  CreateBridgeOptions,
  CreateIpvlanOptions,
  CreateMacvlanOptions,
  CreateNetworkOptions,
  NetworkOptions,
  TypedNetworkOptions,
} from './networks/create-options.js'
export type { PruneFilters } from './base/filters.js'
export type { CallOptions } from './base/call.js'
export type { Labels } from './base/labels.js'
export type { NetworkFilters } from './api/networks/filters.js'
export type { IpamConfig, NetworkInspect, NetworkIpam, NetworkMember } from './api/networks/inspect.js'
export type { Network, NetworkSummary } from './api/networks/network.js'
export type { Networks, ReservedSubnets } from './api/networks/networks.js'
export type { OpenOptions } from './api/options.js'
export type { Protocol } from './base/protocol.js'
export type { Pool, PoolStats } from './api/pool.js'
export type { PoolOptions } from './base/settings.js'
export type { DamageMessage } from './heal/index.js'
export type { WarningMessage } from './work/forwarding.js'
export type { PoolMessage } from './work/pool/spares.js'
export type { PortMapping, PortProtocol, PortRange, PortRequest } from './base/port-mapping.js'
export type { Reconciled } from './heal/index.js'
export type { SandboxFilters } from './api/sandboxes/filters.js'
export type { CreateOptions } from './api/sandboxes/create-options.js'
export type { Endpoint } from './api/sandboxes/endpoint.js'
export type { EndpointOptions } from './api/sandboxes/endpoint-options.js'
export type { SandboxFiles } from './work/files.js'
export type {
  EndpointIpam,
  EndpointSettings,
  NetworkSettings,
  PortBinding,
  SharedNetwork,
} from './api/sandboxes/inspect.js'
export type { FetchDispatcher, SandboxAgent, SandboxAgentOptions } from './inside/agent/agent.js'
export type { ConnectTcpOptions } from './inside/connect.js'
export type { ListenOptions } from './inside/listen.js'
export type { ExecOptions, ExecResult } from './inside/processes/exec.js'
export type { SpawnInsideOptions } from './inside/processes/spawn.js'
export type { BindUdpOptions } from './inside/udp.js'
export type { WaitForPortOptions } from './inside/wait-for-port.js'
export type { Sandbox, SandboxFacts } from './api/sandboxes/sandbox.js'
export type { Sandboxes } from './api/sandboxes/sandboxes.js'
export type { Sharing } from './work/sharing.js'
export type { EventAction, EventType, SlipwayEvent } from './events/event.js'
export type { EventFilters, EventOptions } from './events/filters.js'
export type { InterfaceStats, PortStats, SandboxStats } from './api/sandboxes/stats.js'
export { Slipway, type SlipwayFacts } from './api/slipway.js'
