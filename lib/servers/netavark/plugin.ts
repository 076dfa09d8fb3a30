import type { Slipway } from '../../api/slipway.js'
import { Fields } from '../http/fields.js'
import { setup, teardown } from './containers.js'
import { chooseSubnets } from './networks.js'
import { readContainer, readNetwork } from './request.js'

/** The plugin's API that netavark knows. */
export const API_VERSION = '1.0.0'

export type Action = 'create' | 'setup' | 'teardown'

/** @param input - What netavark has written. @returns What it reads, if anything. */
export async function perform(slipway: Slipway, action: Action, netns: string, input: Buffer): Promise<unknown> {
  const fields = Fields.parse(input)
  if (action === 'setup') return setup(slipway, netns, readContainer(fields))
  if (action === 'teardown') return teardown(slipway, readContainer(fields))
  const network = readNetwork(fields)
  const given = JSON.parse(input.toString('utf8')) as object
  return network.subnets.length > 0 ? given : { ...given, subnets: await chooseSubnets(slipway, network) }
}
