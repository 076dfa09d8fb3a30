import { claimSandbox } from '#lib/drivers/plans/claims.js'
import { createSandbox } from '#lib/drivers/plans/create.js'
import { joinSandbox } from '#lib/drivers/plans/join.js'
import { publishPorts, unpublishPorts } from '#lib/drivers/plans/publish.js'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { makeSpare, takeSpare, type Spare } from '#lib/drivers/plans/spare.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import type { RemovalPlans } from '#lib/drivers/removal-plans.js'
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
const plain = { moment: { hairpin: false } }
const { path, record, owner } = sandbox
const bare = { endpoints: [], ports: [], owner }
const [endpoint = endpointOn(network)] = endpoints
const { hostLink, bridge } = endpoint.body
const spare: Spare = {
  name: hostLink,
  endpoint,
  checks: [
    { op: 'link.check', name: bridge, index: 3 },
    { op: 'link.check', name: hostLink, index: 7 },
  ],
}

const foreign = { path: '/proc/4242/ns/net', foreign: true }
const side = {
  path: '/run/netns/side',
  ...bare,
  record: { path: '/run/slipway/sandboxes/side.json', content: '{"name":"side"}\n' },
}
const joined = changeOf(endpoints).record

export const modes: Readonly<Record<string, Plan | RemovalPlans>> = {
  ruleset: rulesetPlan(),
  'bridge-create': createSandbox(sandbox, plain),
  'bridge-create-hairpin': createSandbox(sandbox, { moment: { hairpin: true } }),
  'bridge-create-one-port': createSandbox({ ...sandbox, ports: http }, plain),
  'bridge-create-several-ports': createSandbox({ ...sandbox, ports: several }, plain),
  'bridge-spare': makeSpare(spare.name, '/run/slipway/sandboxes', endpoint, plain),
  'bridge-take-spare': takeSpare({ ...sandbox, ports: several }, spare, {
    ...plain,
    network: { path: '/run/slipway/networks/web.json', content: '{"name":"web"}\n' },
  }),
  'bridge-remove': removeSandbox(sandbox),
  'bridge-remove-several-ports': removeSandbox({ ...sandbox, ports: several }),
  'bridge-remove-joined': removeSandbox({ ...sandbox, ports: http, shared: true }),
  'bridge-publish': publishPorts(changeOf(endpoints), several),
  'bridge-unpublish': unpublishPorts(changeOf(endpoints, several), several),
  'bridge-heal': claimSandbox({ ...sandbox, ports: several }),
  'foreign-create': createSandbox({ ...sandbox, ...foreign, ports: http }, plain),
  'foreign-remove': removeSandbox({ ...sandbox, ...foreign, ports: http }),
  'foreign-none-create': createSandbox({ ...bare, ...foreign, record }),
  'foreign-none-remove': removeSandbox({ ...bare, ...foreign, record }),
  'container-create': joinSandbox(side, { path, record: joined }),
  'container-create-of-host': joinSandbox({ ...side, foreign: true }, { path, record: joined }),
  'container-remove': removeSandbox({ ...side, joined }),
  'container-remove-owner-gone': removeSandbox(side),
  'none-create': createSandbox({ ...bare, path, record }),
  'none-remove': removeSandbox({ ...bare, path, record }),
  'host-create': [{ op: 'file.create', ...record }],
  'host-remove': removeSandbox({ ...bare, path: '/proc/4242/ns/net', foreign: true, record }),
}
