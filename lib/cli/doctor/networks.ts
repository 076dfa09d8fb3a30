import { networksOf } from '../../drivers/index.js'
import { readLinkAlias } from '../../drivers/link-alias.js'
import { isPredefined } from '../../drivers/predefined.js'
import * as sets from '../../policy/sets.js'
import { listNetworkRecords, specOf } from '../../store/network-records.js'
import type { Context } from '../../work/context.js'
import { note, ok, problem, type Finding } from './finding.js'

/** Networks of which a part is missing: the link on the host, the record, or both. */
export async function checkNetworks({ host, networks, settings }: Context): Promise<Finding[]> {
  const check = 'networks'
  const links = await host.ask('links', {})
  const own = links.flatMap(({ name, kind, alias }) => {
    const network = readLinkAlias(alias)
    return network?.stateDir === settings.stateDir ? [{ link: name, kind, network: network.name }] : []
  })
  const damaged: string[] = []
  const recorded = (await listNetworkRecords(networks.records, (one) => damaged.push(one.name))).map(specOf)
  const names = new Set([...recorded.map(({ name }) => name), ...damaged])
  const findings: Finding[] = []
  for (const { link, kind, network } of own) {
    // Whatever a network lacks that is always there is made on first use.
    if (isPredefined(network) || names.has(network)) continue
    findings.push(
      problem(check, `the ${kind} ${link} is of the network ${network}, which is gone`, `ip link delete ${link}`),
    )
  }
  const there = new Set(links.map(({ name }) => name))
  const gone = recorded.flatMap((spec) =>
    (networksOf(spec).standsOn?.(spec) ?? [])
      .filter(({ link }) => !there.has(link))
      .map((ground) => ({ spec, ...ground })),
  )
  for (const link of new Set(gone.map((one) => one.link))) {
    const those = gone.filter((one) => one.link === link)
    findings.push(
      problem(
        check,
        `the link ${link} was deleted; networks on it: ${those.map(({ spec }) => spec.name).join(', ')}`,
        those.every(({ ours }) => ours)
          ? 'the next slipway command makes it again: slipway ls'
          : 'make it again by this name; the next slipway command gives back what was on it: slipway ls',
      ),
    )
  }
  for (const spec of recorded) {
    const wanted = networksOf(spec).hostLink(spec)
    // Without its ground, it cannot be there.
    if (gone.some((one) => one.spec === spec)) continue
    if (!wanted || own.some(({ network }) => network === spec.name)) continue
    findings.push(
      problem(
        check,
        `the ${wanted.kind} of the network ${spec.name} was deleted`,
        'the next slipway command makes it again: slipway ls',
      ),
    )
  }
  // What is said above is not said again.
  const told = new Set(recorded.flatMap((spec) => networksOf(spec).hostLink(spec)?.name ?? []))
  for (const { key } of (await host.find('elements', sets.bridges)) ?? []) {
    if (there.has(key) || told.has(key)) continue
    const what = `the bridge ${key} was deleted, and the rules still name it`
    const isPredefinedLink = [...networks.predefined.values()].some(({ link }) => link === key)
    findings.push(
      isPredefinedLink
        ? note(check, what, 'it is made again with the next sandbox')
        : problem(check, what, 'slipway doctor --fix'),
    )
  }
  return findings.length > 0
    ? findings
    : [ok(check, own.length === 0 ? 'none yet' : own.map(({ network, link }) => `${network} (${link})`).join(', '))]
}
