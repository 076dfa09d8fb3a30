import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Slipway, type Sandbox } from '#lib/index.js'
import { ask } from '../ask.js'
import { lookInside, type Place } from '../look.js'
import type { ContainerSighting, Files, Observation } from '../observation.js'
import { describeStep, type Act, type List, type Look, type Scenario } from '../steps.js'
import { reach } from '../reach.js'
import { run } from '../../../build-bench/peers/tools.js'
import { serve, type Server } from './server.js'
import { call, refusalOf, sandboxOf } from './calls.js'

const MANIFEST = fileURLToPath(import.meta.resolve('slipway/package.json'))
const CLI = fileURLToPath(new URL('cli/main.js', import.meta.resolve('slipway')))

/** Plays a scenario by the library, until something is refused that Docker does. */
export async function playOnSlipway(scenario: Scenario): Promise<Observation> {
  const slipway = await Slipway.open()
  try {
    return await new SlipwaySide(slipway).play(scenario)
  } finally {
    await slipway.close()
  }
}

class SlipwaySide {
  readonly #slipway: Slipway
  readonly #sandboxes = new Map<string, Sandbox>()
  readonly #observation: Observation
  #server: Server | undefined

  constructor(slipway: Slipway) {
    const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }
    this.#slipway = slipway
    this.#observation = { version: `Slipway ${version}`, ids: {}, steps: [], sightings: {} }
  }

  async play(scenario: Scenario): Promise<Observation> {
    for (const step of scenario.steps) {
      if (step.do === 'look') await this.#look(step)
      else if (step.do === 'list') await this.#list(step)
      else if (step.do === 'ask') {
        this.#server ??= await serve(this.#slipway)
        this.#observation.sightings[describeStep(step)] = await ask(this.#server.socket, step)
      } else if (step.do === 'reach')
        this.#observation.sightings[describeStep(step)] = { kind: 'reach', answers: await reach(step, this.#places()) }
      else {
        const refused = await refusalOf(call(this.#slipway, this.#sandboxes, step))
        this.#observation.steps.push({ step: describeStep(step), ...(refused === undefined ? {} : { refused }) })
        if (refused !== undefined && !step.refused && !step.spare) break
        // What Docker refuses must not be in the way of the steps that follow.
        if (refused === undefined && step.refused) await this.#takeBack(step)
      }
    }
    await this.#server?.close()
    return this.#observation
  }

  async #takeBack(step: Act): Promise<void> {
    if (step.do === 'run') await call(this.#slipway, this.#sandboxes, { do: 'remove', name: step.name })
    if (step.do === 'connect')
      await call(this.#slipway, this.#sandboxes, { do: 'disconnect', container: step.container, network: step.network })
    if (step.do === 'create network')
      await call(this.#slipway, this.#sandboxes, { do: 'remove network', name: step.name })
  }

  async #list({ when, filters = {} }: List): Promise<void> {
    const networks = (await this.#slipway.networks.list(filters)).map(({ name, driver }) => `${name} ${driver} local`)
    this.#observation.sightings[`network ls ${when}`] = { kind: 'list', networks }
  }

  #places(): Place[] {
    return [...this.#sandboxes].map(([name, { path }]) => ({ name, netns: path }))
  }

  async #look({ when, containers = [], networks = [] }: Look): Promise<void> {
    const { ids, sightings } = this.#observation
    const suffix = when === undefined ? '' : ` (${when})`
    const places = this.#places()
    for (const [name, { id }] of this.#sandboxes) ids[id] = name
    for (const { id, name } of await this.#slipway.networks.list()) ids[id] = name
    for (const name of containers) {
      const one = sandboxOf(this.#sandboxes, name)
      sightings[`${name}${suffix}`] = {
        ...(await sightingOf(await one.refresh())),
        inside: lookInside({ name, netns: one.path }, places),
      }
    }
    for (const name of networks) {
      sightings[`network ${name}${suffix}`] = {
        kind: 'network',
        network: await (await this.#slipway.networks.get(name)).inspect(),
      }
    }
  }
}

async function sightingOf(one: Sandbox): Promise<Omit<ContainerSighting, 'inside'>> {
  const paths = await one.files()
  const read = (name: keyof Files) => readFileSync(paths[name], 'utf8')
  const files: Files = { hostname: read('hostname'), hosts: read('hosts'), resolvConf: read('resolvConf') }
  return {
    kind: 'container',
    inspect: {
      NetworkSettings: one.inspect(),
      HostConfig: { NetworkMode: one.network },
      Config: { Hostname: files.hostname.trim() },
    },
    port: run(process.execPath, [CLI, 'port', one.name])
      .split('\n')
      .filter((line) => line !== ''),
    files,
  }
}
