import type { Element, Operation, Plan, SetDefinition, Statement } from './operation.js'

/**
 * A plan on its way to C++: one text, so that one call carries it over. Reading some seventy properties of objects from
 * C++ costs 60 µs of a millisecond that is to be the kernel's; this costs a tenth.
 *
 * Every field ends with US (0x1f), which no name, address or JSON text holds. `native/js/read_plan.cc` reads the same
 * fields in the same order. Left out is empty; a list begins with its length. First of all is how many ends there are:
 * a field with one in it would have what comes behind it read as other fields, so C++ counts them. (To look for them
 * here takes longer than all else.)
 */
export function wirePlan(plan: Plan): string {
  const fields: Field[] = [0, plan.length]
  for (const operation of plan) {
    fields.push(operation.op)
    pushFields(fields, operation)
  }
  fields.push('')
  fields[0] = fields.length - 1
  return fields.join(END)
}

/** What every field ends with. */
export const END = '\x1f'
type Field = string | number | undefined

const flag = (value: boolean | undefined): Field => (value === undefined ? undefined : value ? 1 : 0)

function pushFields(fields: Field[], op: Operation): void {
  switch (op.op) {
    case 'netns.bind':
      fields.push(op.path, op.from)
      break
    case 'netns.create':
      fields.push(op.path, op.records)
      break
    case 'netns.delete':
      fields.push(op.path, op.namespace?.device, op.namespace?.inode)
      break
    case 'netns.check':
      fields.push(op.path, op.namespace.device, op.namespace.inode, flag(op.optional))
      break
    case 'file.mark':
    case 'file.delete':
      fields.push(op.path)
      break
    case 'link.create': {
      const { peer } = op
      fields.push(op.netns, op.name, op.kind, op.address, op.master, op.mtu, op.group, op.queues)
      fields.push(op.link, op.mode, op.flag, op.id)
      fields.push(
        flag(peer !== undefined),
        peer?.netns,
        peer?.name,
        peer?.address,
        flag(op.multicastSnooping),
        flag(op.linkLocalLearning),
      )
      break
    }
    case 'link.set':
      fields.push(op.netns, op.name, flag(op.up), flag(op.hairpin), flag(op.isolated), flag(op.routeLocalnet))
      fields.push(op.mtu, op.group, op.alias, op.master, flag(op.noIpv6Address), flag(op.ipv6 === false))
      fields.push(flag(op.flood), op.groupForwardMask, op.rpFilter, op.arpIgnore)
      break
    case 'link.check':
      fields.push(op.name, op.index)
      break
    case 'link.settle':
      fields.push(op.netns, op.name)
      break
    case 'link.delete':
      fields.push(op.netns, op.name, op.index)
      break
    case 'link.deleteGroup':
      fields.push(op.netns, op.group)
      break
    case 'address.add':
      fields.push(op.netns, op.link, op.address, op.broadcast)
      break
    case 'address.delete':
      fields.push(op.netns, op.link, op.address, op.broadcast, flag(op.optional))
      break
    case 'route.add':
    case 'route.delete':
      fields.push(op.netns, op.destination, op.gateway, op.link, op.family, flag(op.optional))
      break
    case 'neighbor.add':
      fields.push(op.netns, op.link, op.address, op.lladdr, flag(op.proxy))
      break
    case 'neighbor.delete':
      fields.push(op.netns, op.link, op.address, flag(op.proxy), flag(op.optional))
      break
    case 'neighbor.announce':
      fields.push(op.link, op.address, op.lladdr)
      break
    case 'fdb.add':
      fields.push(op.link, op.lladdr, flag(op.exclusive))
      break
    case 'sysctl.write':
      fields.push(op.netns, op.key, op.value)
      break
    case 'file.create':
      fields.push(op.path, op.content, op.from)
      break
    case 'file.replace':
      fields.push(op.path, op.content, op.expected)
      break
    case 'file.check':
      fields.push(op.path, op.expected)
      break
    case 'port.hold':
      fields.push(op.protocol, op.address, op.port, flag(op.optional), op.from)
      break
    case 'port.release':
      fields.push(op.protocol, op.address, op.port)
      break
    case 'conntrack.flush':
      fields.push(
        op.addresses.length,
        ...op.addresses,
        op.ports?.length ?? 0,
        ...(op.ports ?? []).flatMap(({ address, port, hostPort }) => [address, port, hostPort]),
      )
      break
    case 'table.add':
      fields.push(op.family, op.table, op.comment)
      break
    case 'table.delete':
      fields.push(op.family, op.table)
      break
    case 'chain.add':
      fields.push(op.family, op.table, op.chain, op.comment, op.type, op.hook, op.policy, op.priority)
      break
    case 'chain.delete':
    case 'chain.flush':
      fields.push(op.family, op.table, op.chain)
      break
    case 'rule.add':
      fields.push(op.family, op.table, op.chain, op.comment, op.statements.length)
      for (const statement of op.statements) pushStatement(fields, statement)
      break
    case 'set.add':
      pushSet(fields, op)
      fields.push(flag(op.counter), op.comment)
      break
    case 'set.delete':
      fields.push(op.family, op.table, op.set)
      break
    case 'element.add':
      pushSet(fields, op)
      pushElements(fields, op.elements)
      break
    case 'element.delete':
      pushSet(fields, op)
      pushElements(fields, op.elements)
      fields.push(flag(op.ifCommented))
      break
  }
}

function pushSet(fields: Field[], set: SetDefinition): void {
  fields.push(set.family, set.table, set.set, set.type, set.dataType, flag(set.interval))
}

function pushElements(fields: Field[], elements: readonly Element[]): void {
  fields.push(elements.length)
  for (const { key, data, comment } of elements) fields.push(key, data, comment)
}

function pushStatement(fields: Field[], statement: Statement): void {
  const match = 'match' in statement ? statement.match : []
  fields.push(match.length, ...match)
  fields.push(
    'operation' in statement ? statement.operation : undefined,
    'value' in statement ? statement.value : undefined,
  )
  fields.push('verdict' in statement ? statement.verdict : undefined)
  fields.push(flag('counter' in statement), flag('masquerade' in statement))
  if ('nat' in statement) fields.push(statement.nat, statement.family, flag(statement.port))
  else fields.push(undefined, undefined, undefined)
  fields.push('set' in statement ? statement.set : undefined)
}
