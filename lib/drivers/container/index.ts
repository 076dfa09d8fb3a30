import { invalid, show } from '../../base/errors.js'
import { nameCheck } from '../../base/name.js'
import type { StackDriver } from '../driver.js'

const PREFIX = 'container:'

/** The `network` of a sandbox that has joined another. */
export const joiningText = (nameOrId: string): string => `${PREFIX}${nameOrId}`

/** The namespace of another sandbox. */
export const container: StackDriver = {
  name: 'container',
  stack: 'joined',
  /** @throws {SlipwayError} `INVALID_ARGUMENT` for what can be no sandbox's name. */
  reads(network) {
    if (!network.startsWith(PREFIX)) return undefined
    const target = network.slice(PREFIX.length)
    if (nameCheck(target) !== undefined)
      throw invalid(`network ${show(network)} names no sandbox: write container: and its name or id.`)
    return target
  },
  refuses: {
    options: [
      'publish',
      'ip',
      'ip6',
      'mac',
      'aliases',
      'gwPriority',
      'interface',
      'defaultRoute',
      'netns',
      'hostname',
      'domainname',
      'dns',
      'dnsSearch',
      'dnsOptions',
      'addHost',
    ],
    why: 'it has the network of the sandbox that it joins, with its addresses, ports and names',
    instead: 'give it to that sandbox',
  },
  unconnectable: 'it shares the network of another sandbox: connect that one',
  unpublishable: 'its ports are those of the sandbox that it joined',
}
