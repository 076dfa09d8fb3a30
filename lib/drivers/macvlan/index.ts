import { segmentDriver } from '../segment/driver.js'

/** Sandboxes that are machines of their own on the segment of a parent: Docker's `macvlan`. */
export const macvlan = segmentDriver({
  driver: 'macvlan',
  modes: ['bridge', 'private', 'vepa', 'passthru'],
  dummyPrefix: 'dm',
  ownMac: true,
  connected: [],
  alone: ['passthru'],
  shims: ['bridge'],
  sharesParent: true,
})
