import { attempt, ip } from './peers/tools.js'
import type { SegmentKind } from './trial-spec.js'

/** The segment that endpoints of macvlan and ipvlan networks are put on: what is behind a link of the host's. */
export const SEGMENT = {
  parent: 'segment0',
  /** The other end of that link: no other machine is there. */
  far: 'segment1',
  subnet: '10.200.0.0/16',
  gateway: '10.200.0.1',
  firstAddress: '10.200.0.2',
} as const

/** Makes it. Its links are not called as hosts' ends of endpoints are, so that nobody takes them for such. */
export function makeSegment(): void {
  const { parent, far } = SEGMENT
  ip('link', 'add', 'name', parent, 'type', 'veth', 'peer', 'name', far)
  ip('link', 'set', 'dev', far, 'up')
  ip('link', 'set', 'dev', parent, 'up')
}

/** Whether the kernel can make such links: tried on a segment of its own, in this namespace. */
export function kernelHas(kind: SegmentKind): boolean {
  makeSegment()
  try {
    return attempt('ip', ['link', 'add', 'name', 'tried', 'link', SEGMENT.parent, 'type', kind]).status === 0
  } finally {
    // What is a part of it goes with it.
    ip('link', 'delete', 'dev', SEGMENT.parent)
  }
}
