import type { IpFamily } from '../../base/addresses/ip.js'
import { uplinksOf } from '../../networks/uplinks.js'
import { BRIDGE_GROUP, internal } from '../../policy/sets.js'
import type { Context } from '../../work/context.js'
import { ok, problem, type Finding } from './finding.js'

/** Whether the host passes on what sandboxes send and are sent: as a whole, on our bridges, and on its own way out. */

export async function checkForwarding(context: Context): Promise<Finding[]> {
  const check = 'ip_forward'
  const { host } = context
  if ((await host.find('sysctl', { name: 'net.ipv4.ip_forward' })) !== '1') {
    if ((await ownBridges(context, 4)).length === 0)
      return [ok(check, 'off; turned on with the first sandbox, and left on')]
    return [
      problem(
        check,
        'it was on and is off: sandboxes reach only each other, and published ports do not answer',
        'sysctl -w net.ipv4.ip_forward=1',
      ),
    ]
  }
  const findings = await offOnLinks(context, check, 4)
  return findings.length > 0 ? findings : [ok(check, 'on')]
}

/** What is off on single links while it is on for the host. */
export async function offOnLinks(context: Context, check: string, family: IpFamily): Promise<Finding[]> {
  const { host } = context
  const off = async (names: readonly string[]) => {
    const found: string[] = []
    for (const name of names)
      if ((await host.find('sysctl', { name: settingOf(name, family) })) === '0') found.push(name)
    return found
  }
  const bridges = await off(await ownBridges(context, family))
  // For IPv6, the kernel asks for the host's own setting alone.
  const uplinks = family === 4 ? await off(await uplinksOf(host, family)) : []
  return [
    ...(bridges.length > 0
      ? [
          problem(
            check,
            `off on ${bridges.join(', ')}: what sandboxes send there is not passed on`,
            turnOn(bridges, family),
          ),
        ]
      : []),
    ...(uplinks.length > 0
      ? [
          problem(
            check,
            `off on ${uplinks.join(', ')}, by which the host reaches others: no answer comes to sandboxes, and published ports do not answer there`,
            turnOn(uplinks, family),
          ),
        ]
      : []),
  ]
}

/** Names of links may have dots in them. */
const settingOf = (link: string, family: IpFamily): string => `net/ipv${family}/conf/${link}/forwarding`
const turnOn = (links: readonly string[], family: IpFamily): string =>
  `sysctl -w ${links.map((link) => `${settingOf(link, family)}=1`).join(' ')}`

/** Bridges of ours that pass something on. */
async function ownBridges({ host }: Context, family: IpFamily): Promise<string[]> {
  const shut = new Set(((await host.find('elements', internal)) ?? []).map(({ key }) => key))
  const addressed = new Set((await host.ask('addresses', { ipv6: family === 6 })).map(({ index }) => index))
  return (await host.ask('links', {})).flatMap(({ kind, group, index, name }) =>
    kind === 'bridge' && group === BRIDGE_GROUP && addressed.has(index) && !shut.has(name) ? [name] : [],
  )
}
