import { readFileSync, readdirSync } from 'node:fs'
import { descriptorLimit } from '../base/descriptor-limit.js'
import type { EventHub } from '../events/hub.js'
import type { Host } from '../kernel/host.js'

/** After so many changes of sandboxes by this process, it is looked again. */
const EACH = 64
/** What is fuller than so much is told. */
const NEAR = 0.8

/** A limit that more sandboxes come nearer to. */
export interface Limit {
  /** How much of it is used; `undefined` where that cannot be seen. */
  used(): number | undefined | Promise<number | undefined>
  most(): number | undefined
  /** What happens beyond it, and what to do. */
  say(used: number, most: number): string
}

const limitsOf = (host: Pick<Host, 'find'>): readonly Limit[] => [
  {
    used: () => readdirSync('/proc/self/fd').length,
    most: descriptorLimit,
    say: (used, most) =>
      `This process has ${used} of ${most} descriptors: beyond that, calls are refused, as each published port takes one. Raise ulimit -n, or LimitNOFILE.`,
  },
  ...([4, 6] as const).map((family): Limit => {
    const setting = `net.ipv${family}.neigh.default.gc_thresh3`
    return {
      used: () => neighbours(family),
      most: () => numberIn(`/proc/sys/${setting.replaceAll('.', '/')}`),
      say: (used, most) =>
        `The kernel knows ${used} neighbours over IPv${family} of at most ${most}: beyond that, sandboxes that speak are not answered. Raise it: sysctl -w ${setting}=${4 * most}`,
    }
  }),
  {
    // Each namespace counts its own, and the limit is the same for all.
    used: async () => Number(await host.find('sysctl', { name: 'net.netfilter.nf_conntrack_count' })),
    most: () => numberIn('/proc/sys/net/netfilter/nf_conntrack_max'),
    say: (used, most) =>
      `conntrack follows ${used} connections of at most ${most}: beyond that, the kernel drops new ones. Raise it: sysctl -w net.netfilter.nf_conntrack_max=${4 * most}`,
  },
]

/**
 * Tells of limits of the host that are near, while somebody listens to events. While nothing is done, nothing is looked
 * at.
 */
export class LimitsWatch {
  readonly #events: Pick<EventHub, 'tell'>
  readonly #limits: readonly Limit[]
  #isHeard = false
  #changes = 0
  readonly #told = new Set<Limit>()

  constructor(events: Pick<EventHub, 'tell'>, host: Pick<Host, 'find'>, limits: readonly Limit[] = limitsOf(host)) {
    this.#events = events
    this.#limits = limits
  }

  /** @param isHeard - Whether somebody listens to events from now on. */
  heard(isHeard: boolean): void {
    this.#isHeard = isHeard
    this.#told.clear()
    if (isHeard) this.#look()
  }

  /** This process has made or changed a sandbox. */
  did(): void {
    if (this.#isHeard && ++this.#changes % EACH === 0) this.#look()
  }

  #look(): void {
    for (const limit of this.#limits) {
      const used = seen(limit.used)
      if (used instanceof Promise)
        used.then(
          (number) => this.#judge(limit, number),
          () => undefined,
        )
      else this.#judge(limit, used)
    }
  }

  /** Each is told once, until there is room again. */
  #judge(limit: Limit, used: number | undefined): void {
    const most = seen(limit.most)
    if (used === undefined || most === undefined || !(used >= NEAR * most)) {
      this.#told.delete(limit)
    } else if (this.#isHeard && !this.#told.has(limit)) {
      this.#told.add(limit)
      this.#events.tell('warning', limit.say(used, most))
    }
  }
}

function seen<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function numberIn(path: string): number | undefined {
  const value = Number(readFileSync(path, 'utf8'))
  return value > 0 ? value : undefined
}

/**
 * Of all namespaces: the first column of the first row, in hex. The file is in the first namespace alone, as is the
 * setting.
 */
function neighbours(family: 4 | 6): number | undefined {
  const [, row = ''] = readFileSync(`/proc/net/stat/${family === 4 ? 'arp' : 'ndisc'}_cache`, 'utf8').split('\n')
  const entries = Number.parseInt(row, 16)
  return Number.isNaN(entries) ? undefined : entries
}
