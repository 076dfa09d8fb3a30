import { channel } from 'node:diagnostics_channel'
import type { IpFamily } from '../base/addresses/ip.js'
import { gatewayAddress } from '../drivers/gateway.js'
import { networksOf } from '../drivers/index.js'
import type { EventHub } from '../events/hub.js'
import type { Host } from '../kernel/host.js'
import type { NativeNews } from '../kernel/native.js'
import { uplinksOf } from '../networks/uplinks.js'
import { FAMILIES, type NetworkSpec } from '../store/network-spec.js'
import type { StoredEndpoint } from '../store/endpoint.js'

/**
 * What the diagnostics channel `slipway:warning` says when a setting of the host is found to be in the way, or when a
 * sandbox could not be given a route through a router.
 */
export interface WarningMessage {
  /** As sysctl(8) has it: `net.ipv4.ip_forward`. Empty where it is no setting of the host. */
  setting: string
  /** A sentence: what does not work, and what to type. */
  message: string
}

const messages = channel('slipway:warning')

/** The host's own settings. Bridges are ours, and forward by what Slipway says. */
const OF_HOST: Readonly<Record<IpFamily, string>> = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' }

/** What is off, by setting. */
type Off = ReadonlyMap<string, { family: IpFamily; message: string }>

/**
 * Whether the host passes on what sandboxes send. An administrator, or a program that hardens hosts, may turn that off
 * at any time, and no call is refused for it. So it is looked at once, when the first sandbox needs it, and the kernel
 * tells of changes: a call costs nothing more. Lost news and a setting that is off are looked at again.
 */
export class ForwardingWatch {
  readonly #host: Host
  readonly #events: Pick<EventHub, 'tell'>
  readonly #needed = new Set<IpFamily>()
  #news: NativeNews | undefined
  /** By setting; not looked at yet while it is left out. */
  #off: Off | undefined
  #looking: Promise<void> | undefined
  #told = new Set<string>()
  #closed = false

  constructor(host: Host, events: Pick<EventHub, 'tell'>) {
    this.#host = host
    this.#events = events
  }

  /** On what keeps sandboxes with these endpoints from others, or others from them; at once where all is well. */
  warnings(endpoints: readonly StoredEndpoint[]): readonly string[] | Promise<readonly string[]> {
    // With all of it on, which of the endpoints lead out makes no difference.
    if (this.#off?.size === 0 && endpoints.every(({ addresses }) => this.#needsNoMore(addresses))) return NONE
    return this.#warningsOn(
      FAMILIES.filter((family) => {
        const mode = gatewayAddress(endpoints, family)?.mode
        return mode !== undefined && mode !== 'isolated'
      }),
    )
  }

  /** The same for the sandboxes that a network will have. */
  warningsOf(network: NetworkSpec): readonly string[] | Promise<readonly string[]> {
    return this.#warningsOn(networksOf(network).forwarded?.(network) ?? [])
  }

  #warningsOn(families: readonly IpFamily[]): readonly string[] | Promise<readonly string[]> {
    if (families.length === 0 || this.#closed) return NONE
    const isNew = families.some((family) => !this.#needed.has(family))
    for (const family of families) this.#needed.add(family)
    if (!isNew && this.#off?.size === 0) return NONE
    return this.#look().then(
      () => [...(this.#off?.values() ?? [])].flatMap((one) => (families.includes(one.family) ? [one.message] : [])),
      () => NONE,
    )
  }

  #needsNoMore(addresses: StoredEndpoint['addresses']): boolean {
    return (!addresses[4] || this.#needed.has(4)) && (!addresses[6] || this.#needed.has(6))
  }

  close(): Promise<void> {
    this.#closed = true
    this.#news?.close()
    return Promise.resolve(this.#looking).catch(() => undefined)
  }

  /** One look for all who ask meanwhile. What they ask for is older than it. */
  async #look(): Promise<void> {
    await this.#looking?.catch(() => undefined)
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #lookNow(): Promise<void> {
    this.#news ??= this.#listen()
    const off = new Map<string, { family: IpFamily; message: string }>()
    for (const family of this.#needed) {
      if ((await this.#host.find('sysctl', { name: OF_HOST[family] })) === '0')
        off.set(OF_HOST[family], { family, message: offForAll(family) })
    }
    // For IPv6, the kernel asks for the host's own setting alone; and where that is off, so is each link's.
    const uplinks = this.#needed.has(4) && !off.has(OF_HOST[4]) ? await uplinksOf(this.#host, 4) : []
    for (const link of uplinks) {
      const setting = `net/ipv4/conf/${link}/forwarding`
      if ((await this.#host.find('sysctl', { name: setting })) === '0')
        off.set(setting, { family: 4, message: offOnUplink(link, setting) })
    }
    this.#off = off
    this.#tell()
  }

  /** Once for each setting, as long as it is off. */
  #tell(): void {
    const relevant = [...(this.#off ?? [])].filter(([, { family }]) => this.#needed.has(family))
    for (const [setting, { message }] of relevant)
      if (!this.#told.has(setting)) {
        if (messages.hasSubscribers) messages.publish({ setting, message } satisfies WarningMessage)
        this.#events.tell('warning', message)
      }
    this.#told = new Set(relevant.map(([setting]) => setting))
  }

  /** A Slipway that is lost without being closed must not live on in what listens for it. */
  #listen(): NativeNews | undefined {
    const self = new WeakRef(this)
    return this.#host.hear({ about: 'forwarding' }, (news) => {
      const there = self.deref()
      if (there) there.#heard(news)
    })
  }

  #heard(news: readonly string[]): void {
    if (this.#closed) return
    for (const one of news) {
      const [name, value] = one.split(' ')
      const family = name === 'ipv4' ? 4 : 6
      if (value === '0') {
        this.#off = new Map([...(this.#off ?? []), [OF_HOST[family], { family, message: offForAll(family) }]])
        this.#tell()
        // News was lost, or the kernel has turned it on, on every link: the next call looks.
      } else this.#off = undefined
    }
  }
}

const NONE: readonly string[] = []

const offForAll = (family: IpFamily): string =>
  `${OF_HOST[family]} is 0 on this host: over IPv${family}, sandboxes reach only their own network and the host, and published ports answer nobody else. Turn it on: sysctl -w ${OF_HOST[family]}=1`

const offOnUplink = (link: string, setting: string): string =>
  `${setting} is 0 on this host, which reaches others by ${link}: no answer comes to sandboxes from there, and published ports do not answer. Turn it on: sysctl -w ${setting}=1`
