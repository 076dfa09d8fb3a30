// Why: one process a trial, in namespaces of its own: nothing that one arm leaves behind (a warm cache, a bridge port,
// a heap) meets the next. Takes the trial's JSON and where the peers are as its arguments and prints the result's.
import type { Bringer } from './arms/arm.js'
import { loadLibrary } from './library.js'
import { measureOf } from './measures/measure.js'
import { requireOwnNamespaces } from './own-namespace.js'
import { requirePeer, type PeerPaths } from './peers/programs.js'
import { isAgainst, readSegmentKind, type TrialResult, type TrialSpec } from './trial-spec.js'

/** A pool this large never runs dry, and no larger is made. */
const LARGEST_POOL = 1000

requireOwnNamespaces()
const [spec, peers] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [TrialSpec, PeerPaths]
process.stdout.write(JSON.stringify(await run(spec)))

// Imported late, here and below: a process has what it measures, and no other form of Slipway.
async function run(spec: TrialSpec): Promise<TrialResult> {
  if (spec.arm === 'floor') return (await import('./arms/floor.js')).floor(spec)
  if (spec.measure === 'costs') return (await import('./measures/costs.js')).costs(spec, checkoutOf(spec))
  if (spec.measure === 'commands') return (await import('./measures/commands.js')).commands(spec, checkoutOf(spec))
  if (spec.measure === 'thread') return (await import('./measures/thread.js')).thread(spec)
  const arm = await open(spec)
  try {
    await arm.prepare(spec)
    const result = await measureOf(arm, spec)
    return { ...(arm.adjust?.(result) ?? result), ...(arm.version ? { version: arm.version } : {}) }
  } finally {
    await arm.close()
  }
}

function checkoutOf({ arm }: TrialSpec): string | undefined {
  return isAgainst(arm) ? requirePeer(peers.against, '--against') : undefined
}

async function open(spec: TrialSpec): Promise<Bringer> {
  switch (spec.arm) {
    case 'ours':
    case 'pooled':
    case 'against':
    case 'against-pooled':
      return openSlipway(spec)
    case 'exec':
      return new (await import('./arms/exec.js')).Exec()
    case 'slipway-cni':
      return new (await import('./arms/slipway-cni.js')).SlipwayCni()
    case 'cni':
      return openCni(spec)
    case 'netavark': {
      const { Netavark } = await import('./arms/netavark.js')
      return new Netavark(requirePeer(peers.netavark, '--netavark'))
    }
    case 'docker-connect':
    case 'docker-start':
      return openDockerOf(spec)
    case 'floor':
      throw new RangeError('the floor is a program')
  }
}

async function openSlipway(spec: TrialSpec): Promise<Bringer> {
  const { arm, measure, count, variant } = spec
  const library = await loadLibrary(checkoutOf(spec))
  if (measure === 'segments')
    return (await import('./arms/on-segment.js')).OursOnSegment.openOn(library, readSegmentKind(variant))
  if (arm === 'ours' || arm === 'against') return (await import('./arms/ours.js')).Ours.open(library)
  const size = measure === 'churn' ? 32 : Math.min(count, LARGEST_POOL)
  return (await import('./arms/pooled.js')).Pooled.openPool(library, size)
}

async function openCni({ measure, variant }: TrialSpec): Promise<Bringer> {
  const { Cni, CniOnSegment } = await import('./arms/cni.js')
  const folder = requirePeer(peers.cniDir, '--cni-dir')
  return measure === 'segments' ? new CniOnSegment(folder, readSegmentKind(variant)) : new Cni(folder)
}

async function openDockerOf({ arm, variant }: TrialSpec): Promise<Bringer> {
  const { DockerConnect, DockerStart, openDocker } = await import('./arms/docker.js')
  const dockerd = requirePeer(peers.dockerd, '--dockerd')
  if (arm === 'docker-connect') return openDocker(DockerConnect, dockerd)
  return openDocker(DockerStart, dockerd, variant?.endsWith('-without-proxy') ? ['--userland-proxy=false'] : [])
}
