import { flag, fields, optional, type Shape, flaw, all } from '../../store/shape.js'
import { link } from '../../store/common-shapes.js'
import type { DriverShapes } from '../../store/driver-shapes.js'
import { leafNumber } from './leaf-name.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { networkShape } from './spec.js'
import { hostLinkOf } from '../../base/link-name.js'
import type { BridgeBody } from './endpoint.js'

/** The name of a link is what a removal deletes: it is of the form that only an endpoint with this id has. */
const ownLink: Shape = (value) => {
  const { id, body } = value as StoredEndpoint<BridgeBody>
  const expected = hostLinkOf(id)
  return body.hostLink === expected ? undefined : flaw(`${expected}, after its id`, body.hostLink, 'body.hostLink')
}

/** A further bridge of a network is called after the first one. */
const ownLeaf: Shape = (value) => {
  const { networkId, body } = value as StoredEndpoint<BridgeBody>
  const { bridge, leafOf } = body
  return leafOf === undefined || leafNumber({ bridge: leafOf, id: networkId }, bridge) !== undefined
    ? undefined
    : flaw(`a further bridge of ${leafOf}`, bridge, 'body.bridge')
}

export const shapes: DriverShapes = {
  network: networkShape,
  endpoint: all(
    fields({ body: fields({ bridge: link, leafOf: optional(link), hostLink: link, icc: flag }) }),
    ownLink,
    ownLeaf,
  ),
}
