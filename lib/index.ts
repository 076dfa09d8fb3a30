/**
 * Docker's container networking inside a Node.js process.
 *
 * @packageDocumentation
 */
export { SlipwayError, type KernelRefusal, type SlipwayErrorCode } from './errors.js'
export type { AddressPoolSpec } from './ipam/default-subnet.js'
export type { OpenOptions } from './options.js'
export type { Protocol } from './plan/operation.js'
export type { PortMapping, PortRequest } from './ports/mapping.js'
export type { Reconciled } from './reconcile.js'
export type { CreateOptions } from './sandbox/create-options.js'
export type { EndpointSettings, NetworkSettings } from './sandbox/inspect.js'
export type { Endpoint, Sandbox } from './sandbox/sandbox.js'
export type { Sandboxes } from './sandbox/sandboxes.js'
export { Slipway } from './slipway.js'
