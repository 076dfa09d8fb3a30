import { closeSync } from 'node:fs'
import { descriptorLimit } from '../../base/descriptor-limit.js'
import { mappedPorts } from '../../drivers/gateway.js'
import { bindSocket, enter } from '../../kernel/native.js'
import { readEphemeralPorts } from '../../claims/ports/ephemeral-ports.js'
import type { PortMapping } from '../../base/port-mapping.js'
import { hostPath, type Context } from '../../work/context.js'
import { listRecords } from '../../store/records.js'
import { note, ok, problem, type Finding } from './finding.js'

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

/**
 * Descriptors: no sandbox holds one, but each published port does, in the process that keeps it from others. Half of
 * what a process may have is the most that go to ports.
 */
export async function checkDescriptors(context: Context): Promise<Finding[]> {
  const check = 'descriptors'
  const limit = descriptorLimit()
  const ports = await publishedPorts(context)
  const free = enter(hostPath(context.settings), () => ports.filter(isUnheld)).length
  const allowed = Number.isFinite(limit)
    ? `${number(limit)} for a process, half of them at most for published ports`
    : 'any number for a process'
  const finding = `${allowed}: ${number(ports.length)} published, ${number(ports.length - free)} kept from other programs`
  const raise = `ulimit -n ${Math.max(LOW_LIMIT, 2 * (ports.length + OTHER_DESCRIPTORS))}, or LimitNOFILE= in a systemd unit`
  const isNear = limit < LOW_LIMIT || ports.length + OTHER_DESCRIPTORS > limit / 2
  if (free === 0) return [isNear ? note(check, finding, raise) : ok(check, finding)]
  const stay = 'keep a process that has Slipway open'
  return [
    note(
      check,
      `${finding}; other programs can listen on ${number(free)}, where nothing reaches them`,
      isNear ? `${stay}, with more: ${raise}` : stay,
    ),
  ]
}

/** Whether no process has a port: what can be bound is let go of at once. */
function isUnheld({ protocol, hostIp, hostPort }: PortMapping): boolean {
  // Not every kernel has SCTP, and none of its ports is in use there.
  if (protocol !== 'tcp' && protocol !== 'udp') return false
  const { fd } = bindSocket(protocol, hostIp, hostPort)
  if (fd !== undefined) closeSync(fd)
  return fd !== undefined
}

/** Ports of the host that lead to sandboxes. */
async function publishedPorts({ records }: Context): Promise<PortMapping[]> {
  return (await listRecords(records))
    .flatMap(({ record }) => mappedPorts(record.endpoints, record.ports))
    .filter(({ hostPort }) => hostPort > 0)
}
