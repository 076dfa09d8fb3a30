import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { printPlan } from '#lib/plan/print.js'
import { difference, kernelState } from './snapshot.js'
import { execIn, ipJson, World, type Place } from './world.js'

/** An executor of a place, closed when the test ends. */
export function openHost(t: ExecutionContext, place: Place): Host {
  const host = new Host(place.path)
  t.teardown(() => host.close())
  return host
}

/** The namespace of a process that has made one for itself. */
export async function processNamespace(t: ExecutionContext): Promise<Place> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 100'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: '' },
  })
  t.teardown(() => child.kill())
  await once(child.stdout, 'data')
  return { name: `process ${child.pid}`, path: `/proc/${child.pid}/ns/net` }
}

const MACS = /"(address|link|link_netnsid|ifindex|link_index)":("(?!02:)[0-9a-f:]{17}"|\d+|"[^"]*")/g
const normal = (state: Record<string, string[]>) =>
  Object.fromEntries(
    Object.entries(state).map(([section, lines]) => [section, lines.map((line) => line.replace(MACS, '"$1":"ANY"'))]),
  )

/**
 * Runs one plan twice: by a shell in one host and by us in another. `make` is given the namespace of a process in each.
 */
export async function bothWays(
  t: ExecutionContext,
  make: (inside: Place) => Plan,
): Promise<{ host: Place; inside: Place; executor: Host }> {
  const [typed, built] = [new World(t), new World(t)]
  const [typedInside, builtInside] = [await processNamespace(t), await processNamespace(t)]
  execIn(typed.host, 'sh', '-euc', printPlan(make(typedInside)))
  const executor = openHost(t, built.host)
  await executor.run(make(builtInside))
  t.deepEqual(difference(normal(kernelState(typed.host)), normal(kernelState(built.host))), [])
  t.deepEqual(difference(normal(kernelState(typedInside)), normal(kernelState(builtInside))), [])
  t.deepEqual(neighbours(typedInside), neighbours(builtInside))
  return { host: built.host, inside: builtInside, executor }
}

/** `ADDRESS MAC` of those that are there for good. */
export const neighbours = (place: Place) =>
  ipJson(place, 'neighbor', 'show', 'nud', 'permanent')
    .map(({ dst, lladdr }) => `${dst} ${lladdr}`)
    .sort()
