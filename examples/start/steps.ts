import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'
import { printOperation, type Operation, type Plan, type PlanMessage } from '#internal'
import { microseconds, paint, say } from './style.js'

/** Runs a step and prints what it took: the whole call, and each part of the plans that it ran. */
export async function step<T>(call: string, work: () => Promise<T>): Promise<T> {
  const messages: PlanMessage[] = []
  const listen = (message: unknown) => void messages.push(message as PlanMessage)
  subscribe('slipway:plan', listen)
  const began = performance.now()
  const result = await work()
  const total = (performance.now() - began) * 1000
  unsubscribe('slipway:plan', listen)

  say(`  ${paint('cyan', call.padEnd(62))}${paint('bold', microseconds(total))}`)
  let rest = total
  for (const { operations, microseconds: spent } of messages.flatMap(({ phases }) => phases)) {
    say(`    ${describe(operations).padEnd(60)}${microseconds(spent)}`)
    rest -= spent
  }
  if (messages.length > 0)
    say(
      `    ${paint('dim', `${'the rest: JavaScript (cold at first), questions, the thread'.padEnd(60)}${microseconds(rest)}`)}`,
    )
  return result
}

/** Operations that were sent together, in words. */
function describe(operations: Plan): string {
  const [first] = operations
  if (!first) return ''
  const count = (op: Operation['op']) => operations.filter((operation) => operation.op === op).length
  switch (first.op) {
    case 'table.add':
      return `ruleset: ${count('table.add')} tables, ${count('chain.add')} chains, ${count('rule.add')} rules, ${count('set.add')} sets, once`
    case 'link.create':
      return first.peer
        ? `veth pair: one end on ${first.master}, ${first.peer.name} born in the sandbox`
        : `bridge ${first.name}`
    case 'address.add':
      return `its address ${first.address}, and up`
    case 'sysctl.write':
      return `${first.key} = ${first.value}`
    case 'element.add':
      return `${operations.map(({ op, ...rest }) => ('set' in rest ? rest.set : op)).join(', ')}: one transaction`
    case 'netns.create':
      return `its namespace, named ${first.path}`
    case 'port.hold':
      return `nobody listens on ${first.address}:${first.port}/${first.protocol}`
    case 'file.create':
      return `record ${basename(first.path)}`
    case 'file.check':
      return `the network ${basename(first.path, '.json')} is there still`
    case 'link.set':
      if (first.netns) return 'inside: lo and eth0 up, address, default route'
      return `settings of ${first.name}${operations.some(({ op, ...rest }) => op === 'link.set' && 'up' in rest) ? ', and up' : ''}`
    case 'file.mark':
      return `record ${basename(first.path)}: it is whole`
    case 'link.settle':
      return 'the link has settled'
    default:
      return printOperation(first)
  }
}
