import { TABLE } from '../policy/sets.js'
import type { FirewallChain, FirewallRule } from '../kernel/native.js'
import { FAMILIES } from '../store/network-spec.js'
import { quote } from '../plan/print-shell.js'
import { findBetween, type Between } from './between.js'
import { frames, passings, type Looking, type Passing } from './ours.js'
import { verdictOn, type Verdict } from './verdict.js'

/** What another firewall drops of ours. */
export interface Drop {
  /** A sentence, without its end: who drops what. */
  what: string
  /** How much of it was seen. */
  counted: string
  /** Commands that let it through. */
  advice: string
  /** A rule before may decide otherwise. */
  perhaps: boolean
}

export interface Drops {
  drops: Drop[]
  /** Rules of others between ours. */
  between: Between[]
  /** Other firewalls, by the names of their tables. */
  tables: string[]
}

/**
 * Other firewalls of the host: an accept of ours does not outvote a drop of theirs. Each chain that packets come to by
 * themselves is held against the packets that have to pass there, whoever wrote it: nft, firewalld, ufw, iptables of
 * either half.
 */
export async function findDrops(context: Looking): Promise<Drops> {
  const { chains, rules } = await context.host.ask('firewalls', {})
  const others = chains.filter(({ table }) => table !== TABLE)
  const ours = await passings(context)
  const drops: Drop[] = []
  for (const chain of others) {
    if (chain.hook === '') continue
    const own = rulesOf(chain, rules)
    for (const dropped of dropsOf(chain, own, passingBy(chain, ours))) drops.push(dropOf(chain, own, dropped))
  }
  return {
    drops,
    between: findBetween(rules),
    tables: [...new Set(others.filter(({ hook }) => hook !== '').map(nameOf))],
  }
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

function dropOf(chain: FirewallChain, rules: ReadonlyMap<string, FirewallRule[]>, dropped: Dropped): Drop {
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
  const unless = perhaps ? ', unless a rule before lets them through' : ''
  return { what: `${where} drops packets of ours${unless}: ${text}`, counted, advice, perhaps }
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
