import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Slipway } from 'slipway'
import { lookInside } from '../look.js'
import { isUnsupported, type ContainerSighting, type Files, type Observation, type Unsupported } from '../observation.js'
import { describeStep, type Look, type Scenario } from '../steps.js'
import { run } from '../tools.js'
import { call, network, sandbox, unsupported } from './calls.js'
import { need, type Sandbox, type Surface } from './surface.js'

const MANIFEST = fileURLToPath(import.meta.resolve('slipway/package.json'))
const CLI = fileURLToPath(new URL('cli/main.js', import.meta.resolve('slipway')))

/** Plays a scenario by the library, until something is refused that Docker does. */
export async function playOnSlipway(scenario: Scenario): Promise<Observation> {
  const slipway = (await Slipway.open()) as unknown as Surface
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }
  const observation: Observation = { version: `Slipway ${version}`, ids: {}, steps: [], sightings: {} }
  const sandboxes = new Map<string, Sandbox>()
  try {
    for (const step of scenario.steps) {
      if (step.do === 'look') {
        await look(slipway, sandboxes, step, observation)
        continue
      }
      const refusal = await refusalOf(call(slipway, sandboxes, step))
      observation.steps.push({ step: describeStep(step), ...refusal })
      if (refusal && !step.refused) break
      // What Docker refuses must not be in the way of the steps that follow.
      if (!refusal && step.refused) await takeBack(slipway, sandboxes, step.do === 'run' || step.do === 'create network' ? step : undefined)
    }
  } finally {
    await slipway.close()
  }
  return observation
}

async function refusalOf(call: Promise<void>): Promise<{ refused: string; unsupported?: string } | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const missing = unsupported(error)
    if (code === undefined && missing === undefined) throw error
    return { refused: `${code ?? 'UNSUPPORTED'}: ${message}`, ...(missing === undefined ? {} : { unsupported: missing }) }
  }
}

async function takeBack(slipway: Surface, sandboxes: Map<string, Sandbox>, made: { do: 'run' | 'create network'; name: string } | undefined): Promise<void> {
  if (made) await call(slipway, sandboxes, { do: made.do === 'run' ? 'remove' : 'remove network', name: made.name })
}

async function look(slipway: Surface, sandboxes: Map<string, Sandbox>, { when, containers = [], networks = [] }: Look, observation: Observation): Promise<void> {
  const suffix = when === undefined ? '' : ` (${when})`
  const places = [...sandboxes].map(([name, { path }]) => ({ name, netns: path }))
  for (const [name, { id }] of sandboxes) observation.ids[id] = name
  for (const name of containers) {
    const one = sandbox(sandboxes, name)
    await one.refresh?.()
    const sighting = { ...(await sightingOf(one)), inside: lookInside({ name, netns: one.path }, places) }
    observation.sightings[`${name}${suffix}`] = sighting
    const settings = sighting.inspect.NetworkSettings as { Networks?: Record<string, { NetworkID?: string }> }
    for (const [network, { NetworkID }] of Object.entries(settings.Networks ?? {})) observation.ids[NetworkID ?? ''] ??= network
  }
  for (const name of networks) observation.sightings[`network ${name}${suffix}`] = { kind: 'network', network: await inspectNetwork(slipway, name, observation) }
}

async function inspectNetwork(slipway: Surface, name: string, { ids }: Observation): Promise<unknown> {
  const inspected = await orUnsupported(async () => (await network(slipway, name)).inspect())
  if (isUnsupported(inspected)) return inspected
  const { Id, Name } = inspected as { Id?: string; Name?: string }
  if (Id !== undefined && Name !== undefined) ids[Id] = Name
  return inspected
}

async function sightingOf(one: Sandbox): Promise<Omit<ContainerSighting, 'inside'>> {
  const files = await orUnsupported<Files>(async () => {
    const paths = await need(one, 'files', 'sandbox')()
    const read = (name: keyof Files) => readFileSync(paths[name], 'utf8')
    return { hostname: read('hostname'), hosts: read('hosts'), resolvConf: read('resolvConf') }
  })
  return {
    kind: 'container',
    inspect: {
      NetworkSettings: await one.inspect(),
      HostConfig: { NetworkMode: one.network },
      Config: { Hostname: isUnsupported(files) ? '' : files.hostname.trim() },
    },
    port: run(process.execPath, [CLI, 'port', one.name]).split('\n').filter((line) => line !== ''),
    files,
  }
}

async function orUnsupported<T>(ask: () => Promise<T>): Promise<T | Unsupported> {
  try {
    return await ask()
  } catch (error) {
    const missing = unsupported(error)
    if (missing === undefined) throw error
    return { unsupported: missing }
  }
}
