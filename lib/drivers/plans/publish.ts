import type { Plan } from '../../plan/operation.js'
import type { PortMapping } from '../../base/port-mapping.js'
import { activePorts } from '../gateway.js'
import { PortPlan } from '../ports.js'
import { beginChange, endChange } from '../record-change.js'
import { checkNamespace } from '../stack.js'
import type { Change } from './connect.js'

/** More ports for a running sandbox. */
export function publishPorts(sandbox: Change, more: readonly PortMapping[]): Plan {
  const { endpoints, ports, owner, record } = sandbox
  const published = new PortPlan(endpoints, more, owner, () => activePorts(endpoints, ports))
  return [
    ...published.hold(),
    ...(record.mark === undefined ? [] : [beginChange(record)]),
    ...checkNamespace(sandbox),
    ...published.publish(),
    endChange(record),
  ]
}

export function unpublishPorts({ endpoints, ports, owner, record }: Change, gone: readonly PortMapping[]): Plan {
  const rest = () => activePorts(endpoints, ports).filter((mapping) => !gone.includes(mapping))
  const published = new PortPlan(endpoints, activePorts(endpoints, gone), owner, rest)
  return [beginChange(record), ...published.unpublish(), ...published.release(), endChange(record)]
}
