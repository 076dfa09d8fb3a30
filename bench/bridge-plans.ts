import { createHash } from 'node:crypto'
import {
  bridgeEndpoint,
  createNetwork,
  createSandbox,
  removeSandbox,
  rulesetPlan,
  type NewSandbox,
  type BridgeNetwork,
  type Plan,
} from '#internal'
import { CONTAINER_PORT, endpoint, netnsPath } from './endpoint.js'

/** The default bridge as Slipway makes it, for the arms that are not Slipway. */
export const NETWORK: BridgeNetwork = {
  id: 'fedcba9876543210'.repeat(4),
  name: 'bridge',
  driver: 'bridge',
  bridge: 'docker0',
  mac: '02:42:ac:11:00:01',
  mtu: 1500,
  subnets: [
    {
      family: 4,
      subnet: '172.17.0.0/16',
      prefix: 16,
      address: '172.17.0.1',
      gateway: '172.17.0.1',
      broadcast: '172.17.255.255',
      aux: {},
    },
  ],
  families: { 4: { mode: 'nat', masquerade: true }, 6: { mode: 'nat', masquerade: true } },
  internal: false,
  icc: true,
  trusted: [],
  interfacePrefix: 'eth',
  hostIps: { 4: '0.0.0.0', 6: '::' },
  stateDir: '/run/slipway',
}

/** What has to be there before the first endpoint. */
export const hostPlan = (): Plan => [...rulesetPlan(), ...createNetwork(NETWORK)]

/** The bridge driver's plan, without the file that remembers the sandbox: nobody who types commands would write it. */
export const endpointPlan = (n: number, hairpin: boolean): Plan =>
  createSandbox({ ...sandbox(n), record: { path: '', content: '' } }, { moment: { hairpin } }).filter(
    ({ op }) => op !== 'file.create',
  )

/**
 * The way back, without that file, and without looking for connections: a program of its own would have to be there.
 */
export function removalPlan(n: number): Plan {
  const { first, rest } = removeSandbox({ ...sandbox(n), record: { path: '', content: '' } })
  return [...first, ...rest].filter(({ op }) => !op.startsWith('file.') && op !== 'conntrack.flush')
}

function sandbox(n: number): Omit<NewSandbox, 'record'> {
  const { name, hostPort } = endpoint(n)
  const id = createHash('sha256').update(name).digest('hex')
  const [subnet] = NETWORK.subnets
  if (!subnet) throw new RangeError('a network without a subnet')
  return {
    path: netnsPath(name),
    endpoints: [
      bridgeEndpoint(NETWORK, id, 'eth0', { 4: { address: `172.17.${(n + 2) >> 8}.${(n + 2) & 255}`, subnet } }, {}),
    ],
    ports: [{ protocol: 'tcp', containerPort: CONTAINER_PORT, hostIp: '0.0.0.0', hostPort }],
    owner: `${name} (${id.slice(0, 12)})`,
  }
}
