import { SlipwayError, type Sandbox, type Slipway } from '#lib/index.js'
import type { Act } from '../steps.js'

/** Carries out a step by the library. */
export async function call(slipway: Slipway, sandboxes: Map<string, Sandbox>, step: Act): Promise<void> {
  switch (step.do) {
    case 'create network': {
      const { do: _, refused, spare, ...options } = step
      await slipway.networks.create(options)
      return
    }
    case 'run': {
      const { do: _, refused, spare, ...options } = step
      sandboxes.set(step.name, await slipway.sandboxes.create(options))
      return
    }
    case 'connect': {
      const { do: _, refused, spare, network, container, ...options } = step
      await sandboxOf(sandboxes, container).connect(network, options)
      return
    }
    case 'disconnect':
      await sandboxOf(sandboxes, step.container).disconnect(
        step.network,
        step.force === undefined ? {} : { force: step.force },
      )
      return
    case 'remove':
      await sandboxOf(sandboxes, step.name).remove()
      sandboxes.delete(step.name)
      return
    case 'remove network':
      await (await slipway.networks.get(step.name)).remove()
      return
    case 'prune':
      await slipway.networks.prune(step.label ? { label: step.label } : {})
      return
  }
}

export function sandboxOf(sandboxes: ReadonlyMap<string, Sandbox>, name: string): Sandbox {
  const found = sandboxes.get(name)
  if (!found) throw new Error(`There is no sandbox ${name}.`)
  return found
}

/** The code and the sentence of a refusal. */
export async function refusalOf(call: Promise<void>): Promise<string | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof SlipwayError) return `${error.code}: ${error.message}`
    throw error
  }
}
