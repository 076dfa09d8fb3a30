import type { Network } from '../api/networks/network.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import type { Slipway } from '../api/slipway.js'
import type { CreateOptions } from '../api/sandboxes/create-options.js'
import { SlipwayError } from '../base/errors.js'
import type { Maker } from '../store/maker.js'
import { nearest } from './near.js'

/** As the library finds them, with a guess where there is none of that name. */

export const findSandbox = (slipway: Slipway, name: string): Promise<Sandbox> =>
  slipway.sandboxes.get(name).catch((error: unknown) => guess(slipway, name, error))

export const findNetwork = (slipway: Slipway, name: string): Promise<Network> =>
  slipway.networks.get(name).catch((error: unknown) => guess(slipway, name, error))

/** A network or a sandbox to join may be mistyped. @param maker - The process with which it goes. */
export const createSandbox = (slipway: Slipway, options: CreateOptions, maker?: Maker): Promise<Sandbox> =>
  (maker ? slipway.sandboxes.createFor(maker, options) : slipway.sandboxes.create(options)).catch((error: unknown) =>
    guess(slipway, options.network?.replace(/^container:/, '') ?? '', error),
  )

/** @throws What was refused, with a guess: a sandbox or a network that was not found is one that was mistyped. */
async function guess(slipway: Slipway, name: string, error: unknown): Promise<never> {
  const [, kind = ''] =
    error instanceof SlipwayError && error.code === 'NOT_FOUND'
      ? (/^There is no (sandbox|network) /.exec(error.message) ?? [])
      : []
  if (kind === '') throw error
  const { code, message } = error as SlipwayError
  const [sandboxes, networks] = (await Promise.all([slipway.sandboxes.list(), slipway.networks.list()])).map((list) =>
    list.map((one) => one.name),
  ) as [string[], string[]]
  const [own, others] = kind === 'sandbox' ? [sandboxes, networks] : [networks, sandboxes]
  const near = nearest(name, own)
  const hint = near
    ? ` Did you mean ${near}?`
    : others.includes(name)
      ? ` There is a ${kind === 'sandbox' ? 'network' : 'sandbox'} of that name.`
      : ''
  throw new SlipwayError(code, `${message}${hint}`, {}, { cause: error })
}
