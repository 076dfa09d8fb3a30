import { stackDrivers } from '../drivers/index.js'
import type { SandboxRecord } from '../store/records.js'

/** The sandboxes that are on a network. */
export const membersOf = (network: string, records: readonly SandboxRecord[]): SandboxRecord[] =>
  records.filter(
    (record) =>
      record.endpoints.some((endpoint) => endpoint.network === network) ||
      (record.network === network && stackDrivers.some((driver) => driver.network === network)),
  )
