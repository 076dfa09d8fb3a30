// Why: one process a trial, in namespaces of its own: nothing that one arm leaves behind (a warm cache, a bridge port,
// a heap) meets the next. Takes the trial's JSON and where the peers are as its arguments and prints the result's.
import { Cni, CniOnSegment } from './arms/cni.js'
import { DockerConnect, DockerStart, openDocker } from './arms/docker.js'
import { Exec } from './arms/exec.js'
import { floor } from './arms/floor.js'
import { Netavark } from './arms/netavark.js'
import { OursOnSegment } from './arms/on-segment.js'
import { Ours } from './arms/ours.js'
import { Pooled } from './arms/pooled.js'
import type { Bringer } from './arms/arm.js'
import { costs } from './measures/costs.js'
import { measureOf } from './measures/measure.js'
import { thread } from './measures/thread.js'
import { requireOwnNamespaces } from './own-namespace.js'
import { requirePeer, type PeerPaths } from './peers/programs.js'
import { readSegmentKind, type TrialResult, type TrialSpec } from './trial-spec.js'

/** A pool this large never runs dry, and no larger is made. */
const LARGEST_POOL = 1000

requireOwnNamespaces()
const [spec, peers] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [TrialSpec, PeerPaths]
process.stdout.write(JSON.stringify(await run(spec)))

async function run(spec: TrialSpec): Promise<TrialResult> {
  if (spec.arm === 'floor') return floor(spec)
  if (spec.measure === 'costs') return costs(spec)
  if (spec.measure === 'thread') return thread(spec)
  const arm = await open(spec)
  try {
    await arm.prepare(spec)
    const result = await measureOf(arm, spec)
    return { ...(arm.adjust?.(result) ?? result), ...(arm.version ? { version: arm.version } : {}) }
  } finally {
    await arm.close()
  }
}

async function open({ arm, measure, count, variant }: TrialSpec): Promise<Bringer> {
  switch (arm) {
    case 'ours':
      return measure === 'segments' ? OursOnSegment.openOn(readSegmentKind(variant)) : Ours.open()
    case 'pooled':
      return Pooled.openPool(measure === 'churn' ? 32 : Math.min(count, LARGEST_POOL))
    case 'exec':
      return new Exec()
    case 'cni':
      return measure === 'segments'
        ? new CniOnSegment(requirePeer(peers.cniDir, '--cni-dir'), readSegmentKind(variant))
        : new Cni(requirePeer(peers.cniDir, '--cni-dir'))
    case 'netavark':
      return new Netavark(requirePeer(peers.netavark, '--netavark'))
    case 'docker-connect':
      return openDocker(DockerConnect, requirePeer(peers.dockerd, '--dockerd'))
    case 'docker-start':
      return openDocker(
        DockerStart,
        requirePeer(peers.dockerd, '--dockerd'),
        variant?.endsWith('-without-proxy') ? ['--userland-proxy=false'] : [],
      )
    case 'floor':
      throw new RangeError('the floor is a program')
  }
}
