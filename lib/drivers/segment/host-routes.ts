import type { Operation } from '../../plan/operation.js'
import { FAMILIES } from '../../store/network-spec.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { SegmentBody } from './endpoints.js'

/** The host reaches them by its own link, where it has one. */
export function hostRoutesTo({ addresses, body: { shim } }: StoredEndpoint<SegmentBody>): Operation[] {
  if (shim === undefined) return []
  return FAMILIES.flatMap((family): Operation[] => {
    const address = addresses[family]?.address
    return address === undefined
      ? []
      : [{ op: 'route.add', destination: `${address}/${family === 4 ? 32 : 128}`, link: shim }]
  })
}
