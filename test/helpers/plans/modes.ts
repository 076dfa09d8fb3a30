import * as bridge from '#lib/drivers/bridge/sandbox.js'
import * as container from '#lib/drivers/container/sandbox.js'
import * as host from '#lib/drivers/host/sandbox.js'
import * as none from '#lib/drivers/none/sandbox.js'
import { makeSpare, takeSpare } from '#lib/drivers/bridge/spare.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import type { Leaving } from '#lib/drivers/leaving.js'
import type { Plan } from '#lib/plan/operation.js'
import { changeOf, endpointOn, networkOf, published, sandboxOf } from './specs.js'

/** The modes, and what comes and goes on a sandbox of the default network. */

const network = { ...networkOf('bridge'), bridge: 'docker0' }
const endpoints = [endpointOn(network)]
const http = published(endpoints, [network], '8080:80')
const several = published(
  endpoints,
  [network],
  '8080:80',
  '127.0.0.1:8443:443',
  '5353:53/udp',
  '192.0.2.1:53:53/udp',
  '192.0.2.5:*',
  '8087:80,allow=192.0.2.0/24',
)
const sandbox = sandboxOf(endpoints)
const plain = { hairpin: false }
const { path, record } = sandbox
const [endpoint = endpointOn(network)] = endpoints
const spare = { name: endpoint.hostLink, endpoint, bridgeIndex: 3, linkIndex: 7 }

const foreign = { path: '/proc/4242/ns/net', foreign: true }
const side = {
  path: '/run/netns/side',
  shares: false,
  record: { path: '/run/slipway/sandboxes/side.json', content: '{"name":"side"}\n' },
}
const joined = changeOf(endpoints).record

export const modes: Readonly<Record<string, Plan | Leaving>> = {
  ruleset: rulesetPlan(),
  'bridge-create': bridge.createSandbox(sandbox, plain),
  'bridge-create-hairpin': bridge.createSandbox(sandbox, { hairpin: true }),
  'bridge-create-one-port': bridge.createSandbox({ ...sandbox, ports: http }, plain),
  'bridge-create-several-ports': bridge.createSandbox({ ...sandbox, ports: several }, plain),
  'bridge-spare': makeSpare(spare.name, '/run/slipway/sandboxes', endpoint, plain),
  'bridge-take-spare': takeSpare({ ...sandbox, ports: several }, spare, {
    ...plain,
    network: { path: '/run/slipway/networks/web.json', content: '{"name":"web"}\n' },
  }),
  'bridge-remove': bridge.removeSandbox(sandbox, false),
  'bridge-remove-several-ports': bridge.removeSandbox({ ...sandbox, ports: several }, false),
  'bridge-remove-joined': bridge.removeSandbox({ ...sandbox, ports: http }, true),
  'bridge-publish': bridge.publishPorts(changeOf(endpoints), several),
  'bridge-unpublish': bridge.unpublishPorts(changeOf(endpoints, several), several),
  'bridge-heal': bridge.claimSandbox({ ...sandbox, ports: several }),
  'foreign-create': bridge.createSandbox({ ...sandbox, ...foreign, ports: http }, plain),
  'foreign-remove': bridge.removeSandbox({ ...sandbox, ...foreign, ports: http }, false),
  'foreign-none-create': none.createSandbox({ ...foreign, record }),
  'foreign-none-remove': none.removeSandbox({ ...foreign, record }),
  'container-create': container.createSandbox(side, { path, record: joined }),
  'container-create-of-host': container.createSandbox({ ...side, shares: true }, { path, record: joined }),
  'container-remove': container.removeSandbox(side, joined),
  'container-remove-owner-gone': container.removeSandbox(side, undefined),
  'none-create': none.createSandbox({ path, foreign: false, record }),
  'none-remove': none.removeSandbox({ path, foreign: false, record }),
  'host-create': host.createSandbox({ record }),
  'host-remove': host.removeSandbox({ record }),
}
