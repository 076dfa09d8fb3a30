import { SlipwayError } from '../base/errors.js'
import {
  dockerPort,
  naturally,
  printContainer,
  printHost,
  printMapping,
  type PortMapping,
} from '../base/port-mapping.js'
import { readRequests } from '../work/publish.js'
import { asUsage, UsageError } from './failures.js'
import { print, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import { findSandbox } from './find.js'

/** `slipway port`: as `docker port` does. */
export async function port(
  host: GivenHost,
  name: string,
  text: string | undefined,
  { json }: { json?: true },
): Promise<void> {
  const wanted = text === undefined ? undefined : readPort(text)
  const { ports } = await withSlipway(host, (slipway) => findSandbox(slipway, name))
  const found = ports.filter(
    ({ containerPort, protocol }) =>
      !wanted || (containerPort === wanted.containerPort && protocol === wanted.protocol),
  )
  if (wanted && found.length === 0) {
    throw new SlipwayError(
      'NOT_FOUND',
      `No public port '${printContainer(wanted)}' published for ${name}. It publishes ${ports.map(printMapping).join(', ') || 'nothing'}.`,
    )
  }
  if (json) printJson(found)
  else print((wanted ? naturally(found.map(printHost)) : dockerPort(found)).join('\n'))
}

function readPort(text: string): Pick<PortMapping, 'containerPort' | 'protocol'> {
  if (text === '*') return { containerPort: 0, protocol: 'all' }
  const [, port, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  if (port === undefined)
    throw new UsageError(
      `"${text}" is no port. A port is written 80, 80/tcp, 53/udp or 132/sctp; "*" is a whole host address.`,
    )
  return { containerPort: Number(port), protocol: protocol.toLowerCase() as PortMapping['protocol'] }
}

/** `slipway publish`. */
export async function publish(
  host: GivenHost,
  name: string,
  specs: readonly string[],
  { json }: { json?: true },
): Promise<void> {
  asUsage(() => readRequests(specs), { publish: 'SPEC' })
  const mappings = await withSlipway(host, async (slipway) => (await findSandbox(slipway, name)).publish(...specs))
  if (json) printJson(mappings)
  else print(dockerPort(mappings).join('\n'))
}

/** `slipway unpublish`. */
export async function unpublish(
  host: GivenHost,
  name: string,
  specs: readonly string[],
  { json }: { json?: true },
): Promise<void> {
  asUsage(() => readRequests(specs), { publish: 'SPEC' })
  const left = await withSlipway(host, async (slipway) => {
    const sandbox = await findSandbox(slipway, name)
    await sandbox.unpublish(...specs)
    return sandbox.ports
  })
  if (json) printJson(left)
}
