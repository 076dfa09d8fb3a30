import { readFileSync } from 'node:fs'
import { readLinkAlias } from '../../drivers/link-alias.js'
import { SlipwayError } from '../../base/errors.js'
import { enter } from '../../kernel/native.js'
import { missingRuleset } from '../../claims/missing-ruleset.js'
import { findTables, olderVersions } from '../../claims/ruleset-tables.js'
import { RULESET_NUMBER } from '../../policy/ruleset.js'
import { findOtherHosts, reconcile } from '../../heal/index.js'
import { hostPath, type Context } from '../../work/context.js'
import { offOnLinks } from './forwarding.js'
import { note, ok, problem, type Finding } from './finding.js'

/** Checks that ask the kernel about the host's namespace. */

/** nf_tables, and whose ruleset is there. */
export async function checkRuleset({ host }: Context): Promise<Finding[]> {
  const check = 'nf_tables'
  try {
    const found = await findTables(host)
    if (found.older.size > 0)
      return [
        note(
          check,
          `there, with ${olderVersions(found)} of an older Slipway: this version replaces it by ruleset ${RULESET_NUMBER} when it opens the host, and keeps what it holds`,
          'slipway doctor --fix',
        ),
      ]
    if (found.written.size === 0) return [ok(check, 'there; the ruleset is written with the first sandbox')]
    return [
      (await missingRuleset(host, found)).length > 0
        ? ok(check, 'there; what is missing of the ruleset is written with the next sandbox')
        : ok(check, `there, and ruleset ${RULESET_NUMBER} is in place`),
    ]
  } catch (error) {
    return [refused(check, error)]
  }
}

/** Links of networks that every host has, as they are or would be made. */
export async function checkPredefined({ host, networks }: Context): Promise<Finding[]> {
  return Promise.all(
    [...networks.predefined.values()].map(async (network) => {
      try {
        const spec = await network.look()
        const there = await host.find('link', { name: network.link })
        const own = spec.subnets.map(({ address, prefix }) => `${address}/${prefix}`).join(', ')
        return ok(network.link, there ? `up, ${own}` : `made with the first sandbox, ${own}`)
      } catch (error) {
        return refused(network.link, error)
      }
    }),
  )
}

/** IPv6: whether networks may have it, and whether it is forwarded where they do. */
export async function checkIpv6(context: Context): Promise<Finding[]> {
  const check = 'ipv6'
  const { host } = context
  const disabled = []
  for (const which of ['all', 'default']) {
    const name = `net.ipv6.conf.${which}.disable_ipv6`
    const value = await host.find('sysctl', { name })
    if (value === undefined)
      return [
        note(
          check,
          'not in this kernel, or turned off as it was booted: networks with IPv6 are refused',
          'boot without ipv6.disable=1',
        ),
      ]
    if (value !== '0') disabled.push(name)
  }
  const off =
    disabled.length > 0 ? `; ${disabled.join(' and ')} turn it off, and it is turned on where a network has it` : ''
  if ((await host.find('sysctl', { name: 'net.ipv6.conf.all.forwarding' })) === '1')
    return [...(await offOnLinks(context, check, 6)), ok(check, `there, and forwarded${off}`)].slice(0, 1)
  if (!(await hasIpv6Network(context)))
    return [ok(check, `there; forwarding is turned on with the first network that has it, and left on${off}`)]
  return [
    problem(
      check,
      'forwarding was on and is off: over IPv6, sandboxes reach only each other',
      'sysctl -w net.ipv6.conf.all.forwarding=1',
    ),
  ]
}

async function hasIpv6Network({ host, settings }: Context): Promise<boolean> {
  const bridges = (await host.ask('links', {})).filter(({ alias }) => readLinkAlias(alias)).map(({ name }) => name)
  const addresses = enter(hostPath(settings), () => readFileSync('/proc/thread-self/net/if_inet6', 'utf8'))
  return addresses.split('\n').some((line) => {
    const [, , , scope, , link = ''] = line.split(/ +/)
    // 00: global.
    return scope === '00' && bridges.includes(link)
  })
}

/** br_netfilter: sandboxes reach what they should with it and without, and the rules see more with it. */
export async function checkBridgeNetfilter({ host, settings }: Context): Promise<Finding[]> {
  const check = 'br_netfilter'
  const calls = []
  for (const [family, name] of [
    ['IPv4', 'iptables'],
    ['IPv6', 'ip6tables'],
  ] as const) {
    const value = await host.find('sysctl', { name: `net.bridge.bridge-nf-call-${name}` })
    if (value !== undefined) calls.push({ family, on: value === '1' })
  }
  const on = calls.filter((call) => call.on).map(({ family }) => family)
  if (!on.includes('IPv4') && settings.icc === false) {
    return [
      problem(
        check,
        'off: --no-icc cannot keep sandboxes of one bridge from each other',
        'modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1',
      ),
    ]
  }
  if (calls.length === 0)
    return [ok(check, 'not loaded: what sandboxes of one bridge send each other meets the table bridge slipway only')]
  if (on.length === 0)
    return [ok(check, 'off: what sandboxes of one bridge send each other meets the table bridge slipway only')]
  const families = on.length === calls.length ? 'on' : `on for ${on.join()} only`
  return [
    ok(
      check,
      `${families}: what sandboxes of one bridge send each other meets the inet tables too, and takes a place in conntrack`,
    ),
  ]
}

/** Connection tracking, and how full its table is. */
export async function checkConntrack({ host }: Context): Promise<Finding[]> {
  const check = 'conntrack'
  const [count, max] = await Promise.all(
    ['count', 'max'].map(async (what) =>
      Number(await host.find('sysctl', { name: `net.netfilter.nf_conntrack_${what}` })),
    ),
  )
  if (!max || count === undefined)
    return [note(check, 'not loaded; the kernel loads it with the ruleset', 'if that fails: modprobe nf_conntrack')]
  const finding = `${count.toLocaleString('en')} of ${max.toLocaleString('en')} connections`
  const advice = `sysctl -w net.netfilter.nf_conntrack_max=${max * 2}`
  if (count > max * 0.9) return [problem(check, `${finding}: new ones are about to be dropped`, advice)]
  return [count > max * 0.6 ? note(check, finding, advice) : ok(check, finding)]
}

/** What new namespaces come with. Both settings are the machine's, and only to be seen from its first namespace. */
export async function checkNewNamespaces({ host }: Context): Promise<Finding[]> {
  return [await checkTunnels(host), await checkInheritance(host)]
}

async function checkTunnels(host: Context['host']): Promise<Finding> {
  const check = 'fb_tunnels'
  const value = machineSysctl('net/core/fb_tunnels_only_for_init_net')
  const tunnels = (await host.ask('links', {}))
    .map(({ name }) => name)
    .filter((name) => /^(tunl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|sit0|ip6tnl0|ip6gre0)$/.test(name))
  if (tunnels.length === 0) return ok(check, 'no tunnel driver gives new namespaces an interface')
  if (value !== undefined && value !== '0') return ok(check, 'new namespaces come without tunnels')
  return note(
    check,
    `every new namespace comes with ${tunnels.join(', ')}, which takes time`,
    'sysctl -w net.core.fb_tunnels_only_for_init_net=1',
  )
}

async function checkInheritance(host: Context['host']): Promise<Finding> {
  const check = 'devconf'
  const value = machineSysctl('net/core/devconf_inherit_init_net')
  if (value === '2') return ok(check, "new namespaces begin with the kernel's defaults")
  const names = ['arp_ignore', 'arp_announce', 'arp_filter', 'rp_filter'].flatMap((name) => [
    `net.ipv4.conf.all.${name}`,
    `net.ipv4.conf.default.${name}`,
  ])
  const set = []
  for (const name of names) {
    const found = await host.find('sysctl', { name })
    if (found !== undefined && found !== '0') set.push(`${name}=${found}`)
  }
  if (set.length === 0) return ok(check, 'the host hands no setting of its own on to new namespaces')
  return note(
    check,
    `new namespaces inherit ${set.join(', ')}`,
    'sysctl -w net.core.devconf_inherit_init_net=2 unless that is meant',
  )
}

function machineSysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** What the next open() would clean up or heal. */
export async function checkLeftovers(context: Context): Promise<Finding[]> {
  const check = 'leftovers'
  try {
    const { adopted, healed, collected, damaged = [], lost = [], altered = [] } = (await reconcile(context)).reconciled
    const { former, unclear } = await findOtherHosts(context.settings, context.host)
    const findings = [
      ...damaged.map((what) => problem(check, what)),
      ...former.map(({ folder }) =>
        note(
          check,
          `state folder ${folder}: the namespace of its host is gone`,
          'the next slipway command removes it: slipway ls',
        ),
      ),
      ...unclear.map((folder) =>
        note(
          check,
          `state folder ${folder}: no process here is in the namespace of its host`,
          `if no other container uses it: rm -r ${folder}`,
        ),
      ),
      ...collected.map((what) =>
        note(check, what.replace(/, removed$/, ''), 'the next slipway command removes it: slipway ls'),
      ),
      ...healed.map((name) =>
        note(
          check,
          `rules, claims or links of ${name} were taken away`,
          'the next slipway command gives them back: slipway ls',
        ),
      ),
      ...lost.map((what) => problem(check, what)),
      ...altered.map((what) =>
        note(
          check,
          what,
          'its own processes may have meant that; else disconnect it from that network, and connect it again',
        ),
      ),
    ]
    return findings.length > 0
      ? findings
      : [
          ok(
            check,
            adopted.length === 0
              ? 'none'
              : `none; whole: ${adopted.length === 1 ? '1 sandbox' : `${adopted.length} sandboxes`}`,
          ),
        ]
  } catch (error) {
    return [refused(check, error)]
  }
}

/** What the library would refuse is a problem, in its words. */
function refused(check: string, error: unknown): Finding {
  if (!(error instanceof SlipwayError)) throw error
  return problem(check, error.message)
}
