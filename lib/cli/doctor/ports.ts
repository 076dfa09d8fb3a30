import { readEphemeralPorts } from '../../ports/ephemeral-ports.js'
import type { Context } from '../../sandbox/context.js'
import { listRecords } from '../../state/records.js'
import { note, ok, problem, type Finding } from './finding.js'
import { descriptorLimit } from './process.js'

/** What a process needs descriptors for besides ports: Node.js itself, the executor's sockets, a plan while it runs. */
const OTHER_DESCRIPTORS = 256
/** Below this, a host with some dozens of ports and a program of its own comes close. */
const LOW_LIMIT = 1024

const number = (value: number): string => value.toLocaleString('en')

/** Host ports for those who name none. */
export async function checkDynamicPorts(context: Context): Promise<Finding[]> {
  const check = 'dynamic ports'
  const { first, last, reserved } = await readEphemeralPorts(context.host)
  const isDynamic = (port: number) => port >= first && port <= last && !reserved.has(port)
  const kept = [...reserved].filter((port) => port >= first && port <= last).length
  const all = last - first + 1 - kept
  // One of tcp does not hinder one of udp.
  const taken = new Map<string, Set<number>>()
  for (const { protocol, hostPort } of await publishedPorts(context)) {
    if (isDynamic(hostPort)) taken.set(protocol, (taken.get(protocol) ?? new Set()).add(hostPort))
  }
  const most = Math.max(0, ...[...taken.values()].map(({ size }) => size))
  const finding = `${first}-${last}${kept > 0 ? ` without ${number(kept)} reserved ones` : ''}: ${number(all)}, of which ${number(most)} are published`
  const advice = 'sysctl -w net.ipv4.ip_local_port_range="FIRST LAST", or fewer in net.ipv4.ip_local_reserved_ports'
  if (most >= all) return [problem(check, `${finding}: -p without a host port is refused`, advice)]
  return [most > all * 0.8 ? note(check, finding, advice) : ok(check, finding)]
}

/** Descriptors: no sandbox holds one, but each published port does, in the process that keeps it from others. */
export async function checkDescriptors(context: Context): Promise<Finding[]> {
  const check = 'descriptors'
  const limit = descriptorLimit()
  const held = (await publishedPorts(context)).length
  const finding = `${Number.isFinite(limit) ? number(limit) : 'any number'} for a process; a sandbox holds none, a published port one, up to half of them: ${number(held)} by now`
  const advice = `ulimit -n ${Math.max(LOW_LIMIT, 2 * (held + OTHER_DESCRIPTORS))}, or LimitNOFILE= in a systemd unit`
  if (held > limit / 2) return [note(check, `${finding}; what is more than one process may hold, others can listen on too`, advice)]
  return [limit < LOW_LIMIT || held + OTHER_DESCRIPTORS > limit / 2 ? note(check, finding, advice) : ok(check, finding)]
}

/** Ports of all sandboxes. One that leads a whole address somewhere (host port 0) is none. */
async function publishedPorts({ records }: Context) {
  return (await listRecords(records)).flatMap(({ record }) => record.ports).filter(({ hostPort }) => hostPort > 0)
}
