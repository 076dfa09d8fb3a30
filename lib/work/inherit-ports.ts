import { mappedPorts } from '../drivers/gateway.js'
import { learnPorts } from '../claims/ports/learn-ports.js'
import { listRecords } from '../store/records.js'
import type { Context } from './context.js'

/**
 * Takes over what processes have held that have ended since this one looked, as `open()` does. A port of one address
 * and the same port of all are two elements, which the kernel lets two sandboxes have: only sockets and this process's
 * table keep them apart.
 *
 * @returns Until that is done; `undefined` where no process has ended.
 */
export const inheritPorts = (
  context: Pick<Context, 'host' | 'ports' | 'records' | 'holders'>,
): Promise<void> | undefined =>
  context.holders.inherited(async () => {
    await learnPorts(context)
    const stored = await listRecords(context.records, () => undefined)
    await context.holders.takeOver(stored.flatMap(({ record }) => mappedPorts(record.endpoints, record.ports)))
  })
