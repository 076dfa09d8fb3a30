import type { Slipway } from '../../api/slipway.js'
import { invalid } from '../../base/errors.js'
import type { Fields } from '../http/fields.js'
import type { AddressPools } from './address-pools.js'
import type { Kept } from './kept.js'
import type { NetworksKept } from './networks-kept.js'

/** What every call of dockerd's works with. */
export interface PluginHost {
  slipway: Slipway
  kept: Kept
  networks: NetworksKept
  pools: AddressPools
}

export interface PluginCall extends PluginHost {
  body: Fields
  /** Aborted when dockerd goes away. */
  signal: AbortSignal
}

/** @returns What dockerd reads; nothing where there is nothing to say. */
export type PluginMethod = (call: PluginCall) => object | undefined | Promise<object | undefined>

/** By these, what belongs to dockerd is found again. */
export const NETWORK = 'docker.network'
export const ENDPOINT = 'docker.endpoint'

/** The names here of what has an id there. */
export const nameOf = (id: string): string => `docker-${id.slice(0, 12)}`

export const networkId = (body: Fields): string => idOf(body, 'NetworkID')
export const endpointId = (body: Fields): string => idOf(body, 'EndpointID')

/**
 * What a request cannot be meant without. Of a call that was cut off, dockerd sends the headers again, and no body:
 * that is refused, or something else would be done than dockerd has asked for.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function needed(body: Fields, field: string): string {
  const text = body.text(field)
  if (text !== '') return text
  throw invalid(
    `The request has no ${field}. Of one that was cut off, dockerd sends the headers again, and no body: try again.`,
  )
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
function idOf(body: Fields, field: string): string {
  const id = needed(body, field)
  if (/^[0-9a-zA-Z]{1,64}$/.test(id)) return id
  throw invalid(`${field} must be an id of letters and digits, and is ${JSON.stringify(id)}.`)
}
