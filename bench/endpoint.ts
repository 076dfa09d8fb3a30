import { createHash } from 'node:crypto'
import { bridgeEndpoint, createNetwork, createSandbox, type BridgeNetwork } from '#lib/drivers/bridge.js'
import { rulesetPlan } from '#lib/firewall/ruleset.js'
import type { Plan } from '#lib/plan/operation.js'

/** The default bridge as Slipway makes it, for the arms that are not Slipway. */
export const NETWORK: BridgeNetwork = {
  name: 'bridge',
  bridge: 'docker0',
  address: '172.17.0.1',
  prefix: 16,
  subnet: '172.17.0.0/16',
  broadcast: '172.17.255.255',
  gateway: '172.17.0.1',
  mtu: 1500,
  icc: true,
  masquerade: true,
  stateDir: '/run/slipway',
}

export const CONTAINER_PORT = 80

/** Below the ports that clients are given. */
const FIRST_PORT = 20000

/** Endpoint number `n` of a trial. */
export const endpoint = (n: number) => ({ name: `bench${n}`, hostPort: FIRST_PORT + n })

/** What has to be there before the first endpoint. */
export const hostPlan = (): Plan => [...rulesetPlan(), ...createNetwork(NETWORK)]

/** The bridge driver's plan, without the file that remembers the sandbox: nobody who types commands would write it. */
export function endpointPlan(n: number, hairpin: boolean): Plan {
  const { name, hostPort } = endpoint(n)
  const id = createHash('sha256').update(name).digest('hex')
  const plan = createSandbox(NETWORK, {
    path: netnsPath(name),
    endpoint: bridgeEndpoint(id, `172.17.${(n + 2) >> 8}.${(n + 2) & 255}`),
    ports: [{ protocol: 'tcp', containerPort: CONTAINER_PORT, hostIp: '0.0.0.0', hostPort }],
    owner: `${name} (${id.slice(0, 12)})`,
    record: { path: '', content: '' },
    hairpin,
  })
  return plan.filter(({ op }) => op !== 'file.create')
}

export const netnsPath = (name: string): string => `/run/netns/${name}`
