import { TABLE } from '../../../policy/sets.js'
import type { FirewallChain, FirewallRule } from '../../../kernel/native.js'
import { FAMILIES } from '../../../store/network-spec.js'
import { quote } from '../../../plan/print-shell.js'
import type { Context } from '../../../work/context.js'
import { note, ok, problem, type Finding } from '../finding.js'
import { frames, passings, type Passing } from './ours.js'
import { verdictOn, type Verdict } from './verdict.js'

/**
 * Other firewalls of the host: an accept of ours does not outvote a drop of theirs. Each chain that packets come to by
 * themselves is held against the packets that have to pass there, whoever wrote it: nft, firewalld, ufw, iptables of
 * either half.
 */
export async function checkFirewalls(context: Context): Promise<Finding[]> {
  const check = 'firewalls'
  const { chains, rules } = await context.host.ask('firewalls', {})
  const others = chains.filter(({ table }) => table !== TABLE)
  const ours = await passings(context)
  const findings: Finding[] = []
  for (const chain of others) {
    if (chain.hook === '') continue
    const own = rulesOf(chain, rules)
    for (const dropped of dropsOf(chain, own, passingBy(chain, ours))) findings.push(findingOf(chain, own, dropped))
  }
  if (findings.length > 0) return findings
  const tables = [...new Set(others.filter(({ hook }) => hook !== '').map(nameOf))]
  return [
    ok(
      check,
      tables.length === 0
        ? 'no other firewall'
        : `${tables.join(', ')}: ${tables.length === 1 ? 'it lets' : 'they let'} through what has to pass`,
    ),
  ]
}

const nameOf = ({ legacy, family, table }: FirewallChain): string =>
  legacy ? `${family === 'ip6' ? 'ip6tables' : 'iptables'}-legacy ${table}` : `${family} ${table}`

function rulesOf(of: FirewallChain, rules: readonly FirewallRule[]): Map<string, FirewallRule[]> {
  const found = new Map<string, FirewallRule[]>()
  for (const rule of rules) {
    if (rule.legacy !== of.legacy || rule.family !== of.family || rule.table !== of.table) continue
    const there = found.get(rule.chain)
    if (there) there.push(rule)
    else found.set(rule.chain, [rule])
  }
  return found
}

/** What comes by a chain: of its hook, and of its family. */
function passingBy({ family, hook }: FirewallChain, ours: readonly Passing[]): Passing[] {
  const all = family === 'bridge' ? FAMILIES.flatMap(frames) : ours
  const has = (packet: Passing['packet']) =>
    family === 'inet' || family === 'bridge' || family === (packet.family === 4 ? 'ip' : 'ip6')
  return all.filter((passing) => passing.hook === hook && has(passing.packet))
}

/** What one rule, or the policy, drops of ours. */
interface Dropped {
  verdict: Verdict
  passings: Passing[]
}

function dropsOf(
  chain: FirewallChain,
  rules: ReadonlyMap<string, FirewallRule[]>,
  ours: readonly Passing[],
): Dropped[] {
  const drops = new Map<string, Dropped>()
  for (const passing of ours) {
    const verdict = verdictOn(passing.packet, chain, rules)
    if (verdict.what !== 'drop') continue
    const key = `${verdict.by?.chain} ${verdict.by?.place} ${verdict.perhaps}`
    const there = drops.get(key)
    if (there) there.passings.push(passing)
    else drops.set(key, { verdict, passings: [passing] })
  }
  return [...drops.values()]
}

function findingOf(chain: FirewallChain, rules: ReadonlyMap<string, FirewallRule[]>, dropped: Dropped): Finding {
  const { verdict, passings } = dropped
  const { by, perhaps } = verdict
  const who = by ? `rule ${by.place} of its chain ${by.chain}` : 'its policy'
  const packets = by ? by.packets : chain.packets
  const counted =
    packets === undefined ? 'nothing counts them' : `its counter is at ${packets.toLocaleString('en')} packets`
  const losses = new Map<string, Set<string>>()
  for (const { loss, bridge } of passings) losses.set(loss, (losses.get(loss) ?? new Set()).add(bridge))
  const text = [...losses].map(([loss, bridges]) => `${loss} (${[...bridges].join(', ')})`).join('; ')
  const where = `${nameOf(chain)}, chain ${chain.name} (${chain.hook}): ${who}`
  const advice = [...new Set(passings.flatMap((passing) => adviceFor(chain, rules, passing)))].join('; ')
  return perhaps
    ? note(
        'firewalls',
        `${where} drops packets of ours, unless a rule before lets them through: ${text}; ${counted}`,
        advice,
      )
    : problem('firewalls', `${where} drops packets of ours: ${text}; ${counted}`, advice)
}

/** Docker keeps this chain for rules of others, and jumps to it first. */
const USERS_CHAIN = 'DOCKER-USER'

/** Commands that let it through, to be typed as they are. */
function adviceFor(
  { legacy, family, table, name, hook }: FirewallChain,
  rules: ReadonlyMap<string, FirewallRule[]>,
  { match }: Passing,
): string[] {
  const isDockers =
    hook === 'forward' && (rules.get(name) ?? []).some(({ steps }) => steps.includes(`verdict jump ${USERS_CHAIN}`))
  const chain = isDockers ? USERS_CHAIN : name
  if (!legacy) return [`nft ${quote(`insert rule ${family} ${table} ${chain} ${match.nft} accept`)}`]
  const command = family === 'ip6' ? 'ip6tables-legacy' : 'iptables-legacy'
  return [`${command}${table === 'filter' ? '' : ` -t ${table}`} -I ${chain} ${match.iptables} -j ACCEPT`]
}
