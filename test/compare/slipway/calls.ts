import type { Connect, CreateNetwork, Disconnect, Remove, RemoveNetwork, Run } from '../steps.js'
import { need, NotThere, type Network, type Sandbox, type Surface } from './surface.js'

/** Carries out a step by the library. */
export async function call(
  slipway: Surface,
  sandboxes: Map<string, Sandbox>,
  step: CreateNetwork | Run | Connect | Disconnect | Remove | RemoveNetwork,
): Promise<void> {
  switch (step.do) {
    case 'create network': {
      const { do: _, refused, ...options } = step
      await need(slipway.networks, 'create', 'slipway.networks')(options)
      return
    }
    case 'run': {
      const { do: _, refused, ...options } = step
      sandboxes.set(step.name, await slipway.sandboxes.create(options))
      return
    }
    case 'connect': {
      const { do: _, refused, network, container, ...options } = step
      await need(sandbox(sandboxes, container), 'connect', 'sandbox')(network, options)
      return
    }
    case 'disconnect':
      await need(sandbox(sandboxes, step.container), 'disconnect', 'sandbox')(step.network)
      return
    case 'remove':
      await sandbox(sandboxes, step.name).remove()
      sandboxes.delete(step.name)
      return
    case 'remove network':
      await need(await network(slipway, step.name), 'remove', 'network')()
      return
  }
}

export const network = (slipway: Surface, name: string): Promise<Network> => need(slipway.networks, 'get', 'slipway.networks')(name)

export function sandbox(sandboxes: ReadonlyMap<string, Sandbox>, name: string): Sandbox {
  const found = sandboxes.get(name)
  if (!found) throw new Error(`There is no sandbox ${name}.`)
  return found
}

/** The sentence of an error that says that something is not there yet; nothing of other errors. */
export function unsupported(error: unknown): string | undefined {
  if (error instanceof NotThere) return error.message
  return (error as { code?: string }).code === 'UNSUPPORTED' ? (error as Error).message : undefined
}
