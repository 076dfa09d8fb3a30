import { createSandbox } from '#lib/drivers/plans/create.js'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { disconnectEndpoint } from '#lib/drivers/plans/connect.js'
import { removeNetwork } from '#lib/drivers/bridge/network.js'
import { createLeaf, removeLeaf } from '#lib/drivers/bridge/leaf.js'
import { leafName } from '#lib/drivers/bridge/leaf-name.js'
import type { Plan } from '#lib/plan/operation.js'
import { inParts } from './in-parts.js'
import { changeOf, circumstancesOf, endpointOn, networkOf, published, sandboxOf, type NetworkOptions } from './specs.js'

/** Networks that have got a further bridge, by name of the golden plan. */
const KINDS: Readonly<Record<string, NetworkOptions>> = {
  nat: {},
  'dual-stack': { ipv6: true },
  internal: { ipv6: true, internal: true },
  'without-icc': { ipv6: true, icc: false },
}

/** What the bridge takes, and a sandbox that comes and goes on it. */
export const leaves: Readonly<Record<string, Readonly<Record<string, Plan>>>> = Object.fromEntries(
  Object.entries(KINDS).map(([kind, options]) => {
    const network = networkOf('web', options)
    const endpoint = endpointOn(network, {}, [], leafName(network, 1))
    const publish = network.internal ? [] : ['8080:80']
    const sandbox = sandboxOf([endpoint], published([endpoint], [network], ...publish))
    const { ports } = sandbox
    return [
      `leaf-${kind}`,
      {
        'create one --network web: its bridge is full': createLeaf(network, 1),
        'create app --network web': createSandbox(sandbox, circumstancesOf(network)),
        ...inParts('disconnect app web', disconnectEndpoint(changeOf([endpoint], ports, []), endpoint)),
        ...inParts('rm app', removeSandbox(sandbox)),
        'network rm web': removeNetwork(network, [removeLeaf(network, 1)]),
      },
    ]
  }),
)
