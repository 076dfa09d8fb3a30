import { readFileSync } from 'node:fs'
import { ask } from '../ask.js'
import { lookInside, type Place } from '../look.js'
import type { ContainerSighting, Inspected, Observation } from '../observation.js'
import { describeStep, type List, type Look, type Scenario } from '../steps.js'
import { reach } from '../reach.js'
import { attempt, run } from '../../../build-bench/peers/tools.js'
import { commandOf } from './commands.js'
import { Daemon } from '../../../build-bench/peers/docker/daemon.js'

interface Container extends Inspected {
  Id: string
  Name: string
  State: { Pid: number }
}

/** Plays a scenario on a dockerd of its own. */
export async function playOnDocker(scenario: Scenario, programs: string): Promise<Observation> {
  const daemon = await Daemon.start(programs, `docker-compare-${process.ppid}-${scenario.name}`)
  try {
    return await new DockerSide(daemon).play(scenario)
  } finally {
    removeContainers(daemon)
    await daemon.stop()
  }
}

function removeContainers({ env }: Daemon): void {
  const ids = run('docker', ['ps', '--all', '--quiet'], env)
    .split('\n')
    .filter((id) => id !== '')
  if (ids.length > 0) run('docker', ['rm', '--force', ...ids], env)
}

class DockerSide {
  readonly #daemon: Daemon
  readonly #running = new Set<string>()
  readonly #observation: Observation

  constructor(daemon: Daemon) {
    this.#daemon = daemon
    this.#observation = {
      version: `Docker Engine ${this.#docker('version', '--format', '{{.Server.Version}}').trim()}`,
      ids: {},
      steps: [],
      sightings: {},
    }
  }

  /** @throws {Error} when Docker does not do what the scenario says it does: then the scenario is wrong. */
  async play(scenario: Scenario): Promise<Observation> {
    for (const step of scenario.steps) {
      if (step.do === 'look') {
        this.#look(step)
        continue
      }
      if (step.do === 'reach') {
        const places = [...this.#running].map((name) => placeOf(this.#inspect(name)))
        this.#observation.sightings[describeStep(step)] = { kind: 'reach', answers: await reach(step, places) }
        continue
      }
      if (step.do === 'list') {
        this.#list(step)
        continue
      }
      if (step.do === 'ask') {
        this.#observation.sightings[describeStep(step)] = await ask(this.#socket, step)
        continue
      }
      const { status, stderr } = attempt('docker', commandOf(step), this.#daemon.env)
      const refused = status !== 0
      if (refused !== (step.refused ?? false))
        throw new Error(`${scenario.name}: ${describeStep(step)}: ${refused ? stderr : 'Docker does not refuse it.'}`)
      this.#observation.steps.push({ step: describeStep(step), ...(refused ? { refused: message(stderr) } : {}) })
      if (step.do === 'run' && !refused) this.#running.add(step.name)
      // It was made before it was refused, unless its name was.
      else if (step.do === 'run' && !this.#running.has(step.name))
        attempt('docker', ['rm', '--force', step.name], this.#daemon.env)
      else if (step.do === 'remove') this.#running.delete(step.name)
    }
    return this.#observation
  }

  get #socket(): string {
    return (this.#daemon.env['DOCKER_HOST'] ?? '').replace(/^unix:\/\//, '')
  }

  #docker(...args: string[]): string {
    return run('docker', args, this.#daemon.env)
  }

  #look({ when, containers = [], networks = [] }: Look): void {
    const suffix = when === undefined ? '' : ` (${when})`
    const all = [...this.#running].map((name) => this.#inspect(name))
    const places = all.map(placeOf)
    for (const one of all) this.#observation.ids[one.Id] = nameOf(one)
    for (const name of containers) {
      const container = all.find((one) => nameOf(one) === name)
      if (!container) throw new Error(`There is no container ${name} to look at.`)
      this.#observation.sightings[`${name}${suffix}`] = this.#sighting(container, places)
    }
    for (const name of networks) {
      const [network] = JSON.parse(this.#docker('network', 'inspect', name)) as { Id: string }[]
      this.#observation.sightings[`network ${name}${suffix}`] = { kind: 'network', network }
    }
    for (const line of this.#docker('network', 'ls', '--no-trunc', '--format', '{{.ID}} {{.Name}}')
      .trim()
      .split('\n')) {
      const [id = '', name = ''] = line.split(' ')
      this.#observation.ids[id] = name
    }
  }

  #list(step: List): void {
    this.#observation.sightings[`network ls ${step.when}`] = {
      kind: 'list',
      networks: this.#docker(...commandOf(step))
        .split('\n')
        .filter((line) => line !== ''),
    }
  }

  #inspect(name: string): Container {
    const [container] = JSON.parse(this.#docker('inspect', '--type', 'container', name)) as Container[]
    return container as Container
  }

  #sighting(container: Container, all: readonly Place[]): ContainerSighting {
    const { NetworkSettings, HostConfig, Config, State } = container
    const file = (name: string) => readFileSync(`/proc/${State.Pid}/root/etc/${name}`, 'utf8')
    return {
      kind: 'container',
      inspect: {
        NetworkSettings,
        HostConfig: { NetworkMode: HostConfig.NetworkMode },
        Config: { Hostname: Config.Hostname },
      },
      port: this.#docker('port', nameOf(container))
        .split('\n')
        .filter((line) => line !== ''),
      files: { hostname: file('hostname'), hosts: file('hosts'), resolvConf: file('resolv.conf') },
      inside: lookInside(placeOf(container), all),
    }
  }
}

const nameOf = ({ Name }: Container) => Name.slice(1)

const placeOf = (container: Container): Place => ({
  name: nameOf(container),
  netns: `/proc/${container.State.Pid}/ns/net`,
})

/** Its first line, without what stands before each. */
const message = (stderr: string) =>
  stderr
    .trim()
    .replace(/^(docker: )?(Error response from daemon: )?/, '')
    .split('\n\n')[0] ?? ''
