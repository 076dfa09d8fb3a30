import type { Host } from '../../kernel/host.js'
import type { Operation, Plan, SysctlWrite } from '../../plan/operation.js'

/**
 * A host that begins to forward IPv6 takes no advertisements of routers any more, and the kernel forgets at once the
 * routes that it has learned from them (addrconf_fixup_forwarding), the host's own default route as well. Where a link
 * has learned something, it goes on to do so: accept_ra=2.
 */

/** Who has made a route: a router's advertisement (RTPROT_RA). */
const BY_ROUTER = 9

/** A plan, with what has to be done before the host begins to forward by it. */
export async function keepingLearned(host: Host, plan: Plan): Promise<Plan> {
  const at = plan.findIndex(forwards)
  return at < 0 ? plan : [...plan.slice(0, at), ...(await keepLearned(host)), ...plan.slice(at)]
}

/** Of one link as of all: the kernel forgets the same. */
const forwards = (operation: Operation): boolean =>
  operation.op === 'sysctl.write' && /\bipv6\b.*\bforwarding$/.test(operation.key)

async function keepLearned(host: Host): Promise<SysctlWrite[]> {
  const setting = (name: string) => host.find('sysctl', { name })
  const on = [await setting('net.ipv6.conf.all.forwarding'), await setting('net.ipv6.conf.default.forwarding')]
  if (on.every((value) => value === '1')) return []
  const learned = new Set<number>()
  for (const { index, protocol } of await host.ask('routes', { ipv6: true }))
    if (protocol === BY_ROUTER) learned.add(index)
  for (const { index, permanent } of await host.ask('addresses', { ipv6: true })) if (!permanent) learned.add(index)
  const writes: SysctlWrite[] = []
  for (const { index, name } of learned.size > 0 ? await host.ask('links', {}) : []) {
    if (!learned.has(index)) continue
    const of = `net/ipv6/conf/${name}`
    // Who takes care of it by a program of its own has turned this off.
    if ((await setting(`${of}/accept_ra`)) === '1' && (await setting(`${of}/forwarding`)) === '0')
      writes.push({ op: 'sysctl.write', key: `${of}/accept_ra`, value: '2' })
  }
  return writes
}
