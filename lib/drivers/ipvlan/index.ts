import { segmentDriver } from '../segment/driver.js'

/** Sandboxes on the segment of a parent, under its MAC: Docker's `ipvlan`. */
export const ipvlan = segmentDriver({
  driver: 'ipvlan',
  modes: ['l2', 'l3', 'l3s'],
  flags: ['bridge', 'private', 'vepa'],
  dummyPrefix: 'di',
  ownMac: false,
  connected: ['l3', 'l3s'],
  alone: [],
  shims: ['l2'],
  sharesParent: false,
})
