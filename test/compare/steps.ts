/**
 * What a scenario is made of. The words are those of docker's command line, and both sides read the same list: one
 * turns a step into the arguments of `docker`, the other into a call of the library.
 */

export interface Scenario {
  /** Also a file name. */
  name: string
  /** What it is about, as the document says it. */
  title: string
  /** Kinds of links that the kernel has to have for it. */
  needs?: readonly string[]
  steps: readonly Step[]
}

export type Step = Act | List | Look | Reach | Ask

/** What changes something. */
export type Act = CreateNetwork | Run | Connect | Disconnect | Remove | RemoveNetwork | Prune

interface Refusable {
  /** Docker refuses this step. Whether we do too is compared, the words are not. */
  refused?: true
  /** Docker does it, and no later step needs it: where we refuse it, the scenario goes on. */
  spare?: true
}

export interface Subnet {
  subnet: string
  gateway?: string
  ipRange?: string
  auxAddresses?: Readonly<Record<string, string>>
}

export interface CreateNetwork extends Refusable {
  do: 'create network'
  name: string
  driver?: string
  subnets?: readonly Subnet[]
  ipv4?: boolean
  ipv6?: boolean
  internal?: boolean
  labels?: Readonly<Record<string, string>>
  options?: Readonly<Record<string, string>>
}

export interface Run extends Refusable {
  do: 'run'
  name: string
  network?: string
  publish?: readonly string[]
  ip?: string
  ip6?: string
  mac?: string
  aliases?: readonly string[]
  hostname?: string
  domainname?: string
  addHost?: readonly string[]
  dns?: readonly string[]
  dnsSearch?: readonly string[]
  dnsOptions?: readonly string[]
}

export interface Connect extends Refusable {
  do: 'connect'
  network: string
  container: string
  ip?: string
  ip6?: string
  aliases?: readonly string[]
  gwPriority?: number
}

export interface Disconnect extends Refusable {
  do: 'disconnect'
  network: string
  container: string
  force?: boolean
}

export interface Remove extends Refusable {
  do: 'remove'
  name: string
}

export interface RemoveNetwork extends Refusable {
  do: 'remove network'
  name: string
}

/** Removes networks that nothing is on. */
export interface Prune extends Refusable {
  do: 'prune'
  label?: readonly string[]
}

/** Name, driver and scope of the networks, as `docker network ls` prints them. */
export interface List {
  do: 'list'
  /** Of several lists in one scenario: which. */
  when: string
  filters?: { driver?: string; label?: string; name?: string; type?: 'custom' | 'builtin'; dangling?: boolean }
}

/** Everything that can be seen of these is written down. */
export interface Look {
  do: 'look'
  /** Of several looks in one scenario: which. */
  when?: string
  containers?: readonly string[]
  networks?: readonly string[]
}

/** Connections that are tried, by where they come from: `host`, `neighbour` (another host), or a container. */
export interface Reach {
  do: 'reach'
  /** Of several in one scenario: which. */
  when?: string
  tries: Readonly<Record<string, readonly string[]>>
}

/** A request of Docker's API, and what is answered. */
export interface Ask {
  do: 'ask'
  /** Default: `GET`. */
  method?: 'DELETE' | 'GET' | 'POST'
  /** Without the version: `/networks/web`. */
  path: string
  body?: unknown
  /** Of several that are the same: which. */
  when?: string
}

/** A step as a person reads it: `connect app to back`. */
export function describeStep(step: Step): string {
  switch (step.do) {
    case 'connect':
      return `connect ${step.container} to ${step.network}`
    case 'disconnect':
      return `disconnect ${step.container} from ${step.network}`
    case 'look':
      return `look${step.when === undefined ? '' : ` ${step.when}`}`
    case 'reach':
      return `reach${step.when === undefined ? '' : ` ${step.when}`}`
    case 'ask': {
      const body = step.body === undefined ? '' : ` ${JSON.stringify(step.body)}`
      return `${step.method ?? 'GET'} ${step.path}${body}${step.when === undefined ? '' : ` (${step.when})`}`
    }
    case 'list':
      return `list ${step.when}`
    case 'prune':
      return 'prune networks'
    default:
      return `${step.do} ${step.name}`
  }
}
