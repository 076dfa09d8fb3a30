import type { OptionsOf } from './options.js'

/** What tells drivers of networks on a segment apart: the kernel's kind of link, and what that can. */
export interface SegmentKind extends OptionsOf {
  driver: 'macvlan' | 'ipvlan'
  /** Beginning of the name of a parent that leads nowhere, as docker has it. */
  dummyPrefix: string
  /** Each endpoint has a MAC of its own. */
  ownMac: boolean
  /** Modes in which endpoints have no gateway on the segment: all of the world is behind their link. */
  connected: readonly string[]
  /** Modes in which an endpoint has the parent to itself, with its MAC. */
  alone: readonly string[]
  /** Modes in which the host's own link reaches the others. */
  shims: readonly string[]
  /** Several networks may have one parent. */
  sharesParent: boolean
}
