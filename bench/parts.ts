import { DAMAGES } from './measures/healing.js'
import { NAMESERVERS } from './measures/names.js'
import { PROTOCOLS } from './measures/protocols.js'
import { SEGMENT_KINDS, type Arm, type Measure, type TrialSpec } from './trial-spec.js'

/** What there is to measure, with which arms, how often and how large. */

export interface Sizes {
  /** Processes for each arm and measure; a part may want fewer. */
  trials: number
  /** Endpoints that are timed one after another. */
  count: number
  warmUp: number
  /** Of ours: so many come and go before anything is timed. */
  practice: number
  /** So many at once. */
  bursts: readonly number[]
  /** So many endpoints exist. */
  existing: readonly number[]
  /** So many ports are published. */
  ports: readonly number[]
  /** Of churn. */
  seconds: number
  /** How many rounds of what takes dozens of times as long. */
  peerTrials: number
  /** Endpoints of peers that are timed; each is up to 0.1 s, and a container of Docker's as much again. */
  peerCount: number
  dockerCount: number
  /**
   * Peers are asked for no more than that, at once and existing; and Docker, whose containers have to be there first.
   */
  peerMost: number
  dockerMost: number
}

export const FULL: Sizes = {
  trials: 12,
  count: 200,
  warmUp: 50,
  practice: 3000,
  bursts: [1, 10, 50, 100, 200, 1000],
  existing: [0, 100, 1000, 10_000],
  ports: [0, 1000, 10_000, 50_000],
  seconds: 120,
  peerTrials: 3,
  peerCount: 20,
  dockerCount: 10,
  peerMost: 100,
  dockerMost: 100,
}

export const QUICK: Sizes = {
  trials: 2,
  count: 100,
  warmUp: 50,
  practice: 500,
  bursts: [1, 10, 100, 500],
  existing: [0, 100, 1000],
  ports: [0, 1000, 10_000],
  seconds: 5,
  peerTrials: 1,
  peerCount: 8,
  dockerCount: 5,
  peerMost: 10,
  dockerMost: 0,
}

/** A trial of an arm, without saying whose. */
export type Sized = Omit<TrialSpec, 'arm' | 'measure'>

export interface Part {
  text: string
  /** Measured without being asked for. */
  byDefault: boolean
  arms: readonly Arm[]
  /** Rounds at most. */
  rounds: number
  trials(arm: Arm, sizes: Sizes): Sized[]
}

const OURS: readonly Arm[] = ['ours', 'pooled']
const AGAINST: readonly Arm[] = ['against', 'against-pooled']
const SLIPWAY: readonly Arm[] = [...OURS, ...AGAINST]
const OWN: readonly Arm[] = [...OURS, 'floor']
const PLUGINS: readonly Arm[] = ['slipway-cni', 'cni', 'netavark']
const DOCKER: readonly Arm[] = ['docker-connect', 'docker-start']
const EVERY: readonly Arm[] = [...OWN, 'exec', ...PLUGINS, ...DOCKER]

/** What a process of ours has behind it, of those that come in. */
const practiceOf = (arm: Arm, { practice }: Pick<Sizes, 'practice'>): { practice?: number } =>
  SLIPWAY.includes(arm) ? { practice } : {}

/** Each removal there waits for the kernel, for tens of milliseconds. */
const PRACTICE_ON_SEGMENT = 500

/** What takes dozens of times as long as we. */
export const isPeer = (arm: Arm): boolean => arm !== 'floor' && !SLIPWAY.includes(arm)

/** At once, of the parts that look at one such burst only. */
const CROWD = 1000
/** One after another, without a look at the kernel in between: what is timed finds its code in the CPU's caches. */
export const IN_A_ROW = 'in a row'
/** Sandboxes with 32 ports each. */
const FLEET = 64

/** Timed endpoints of an arm. */
function countOf(arm: Arm, { count, peerCount, dockerCount }: Sizes): number {
  if (DOCKER.includes(arm)) return Math.min(count, dockerCount)
  return isPeer(arm) ? Math.min(count, peerCount) : count
}

/** Peers' own neighbours take their time; the floor makes those of `exec`. */
function warmUpOf(arm: Arm, { warmUp, peerCount, dockerCount }: Sizes): number {
  if (DOCKER.includes(arm)) return Math.min(warmUp, dockerCount)
  return PLUGINS.includes(arm) ? Math.min(warmUp, peerCount) : warmUp
}

function upTo(arm: Arm, list: readonly number[], { peerMost, dockerMost }: Sizes): readonly number[] {
  const most = DOCKER.includes(arm) ? dockerMost : isPeer(arm) ? peerMost : Infinity
  return list.filter((at) => at <= most)
}

/** A crowd that is made, and one that is removed. */
const watched = (arm: Arm, sizes: Sizes): Sized[] =>
  [undefined, 'remove'].map((variant) => ({
    warmUp: sizes.warmUp,
    ...practiceOf(arm, sizes),
    count: CROWD,
    ...(variant ? { variant } : {}),
  }))

/** The floor as it is, and with one choice undone. */
const ablations = ({ warmUp, count }: Sizes): Sized[] => [
  ...['none', 'default-queues', 'ipv6', 'unbatched', 'hop'].map((variant) => ({ warmUp, count, at: warmUp, variant })),
  // Each takes longer than ten of the others.
  {
    warmUp: Math.min(warmUp, 10),
    count: Math.max(5, Math.round(count / 10)),
    at: Math.min(warmUp, 10),
    variant: 'moved-peer',
  },
  { warmUp: 0, count, at: 0, variant: 'threads-1' },
  { warmUp: 0, count, at: 0, variant: 'threads-2' },
  // What one address more in each namespace does, and what a full bridge does, shows among many.
  ...['none', 'ipv6', 'one-bridge'].map((variant) => ({ warmUp: 900, count: 50, at: 900, variant })),
]

export const PARTS: Record<Measure, Part> = {
  latency: {
    text: 'endpoints one after another, each timed, with the time of each phase',
    byDefault: true,
    arms: [...EVERY, ...AGAINST],
    rounds: Infinity,
    trials: (arm, sizes) => [{ warmUp: warmUpOf(arm, sizes), ...practiceOf(arm, sizes), count: countOf(arm, sizes) }],
  },
  age: {
    text: 'the same in a process in which so many have come and gone before',
    byDefault: true,
    arms: ['ours', 'pooled'],
    rounds: 3,
    trials: (_, { count, practice }) =>
      [0, 100, 500, practice].map((at) => ({ warmUp: 10, practice: at, count: Math.min(count, 100), at })),
  },
  'first-byte': {
    text: 'the same, until a byte has come from a server in the sandbox through 127.0.0.1 and the published port',
    byDefault: true,
    arms: EVERY,
    rounds: Infinity,
    // Fewer: where a first packet is lost, the next is sent a second later.
    trials: (arm, sizes) => [
      {
        warmUp: Math.min(warmUpOf(arm, sizes), 10),
        ...practiceOf(arm, sizes),
        count: Math.max(5, Math.round(countOf(arm, sizes) / (isPeer(arm) ? 2 : 4))),
      },
    ],
  },
  burst: {
    text: 'many at once (Promise.all, and as parallel processes)',
    byDefault: true,
    // Of starts at once, what would have been without a network cannot be taken off.
    arms: [...OWN, ...AGAINST, 'exec', ...PLUGINS, 'docker-connect'],
    rounds: 5,
    trials: (arm, sizes) =>
      upTo(arm, sizes.bursts, sizes).map((at) => ({
        warmUp: warmUpOf(arm, sizes),
        ...practiceOf(arm, sizes),
        count: at,
        at,
      })),
  },
  hold: {
    text: `${CROWD} made and removed at once, with every turn of the event loop timed`,
    byDefault: true,
    arms: ['ours', 'pooled'],
    rounds: Infinity,
    trials: watched,
  },
  delay: {
    text: `${CROWD} made and removed at once, with monitorEventLoopDelay`,
    byDefault: true,
    arms: ['ours', 'pooled'],
    rounds: Infinity,
    trials: watched,
  },
  teardown: {
    text: `remove(): until it returns and until the kernel is done, one at a time, ${IN_A_ROW} and ${CROWD} at once`,
    byDefault: true,
    arms: [...OWN, ...AGAINST, 'exec', ...PLUGINS, 'docker-connect'],
    rounds: 5,
    trials: (arm, sizes) => [
      { warmUp: warmUpOf(arm, sizes), ...practiceOf(arm, sizes), count: Math.min(25, countOf(arm, sizes)), at: 1 },
      ...(SLIPWAY.includes(arm)
        ? [{ warmUp: sizes.warmUp, ...practiceOf(arm, sizes), count: sizes.count, at: 1, variant: IN_A_ROW }]
        : []),
      ...(isPeer(arm) ? [] : [{ warmUp: sizes.warmUp, ...practiceOf(arm, sizes), count: CROWD, at: CROWD }]),
    ],
  },
  fleet: {
    text: `${FLEET} sandboxes with 32 published ports each, at once`,
    byDefault: true,
    arms: OWN,
    rounds: 5,
    trials: (arm, sizes) => [{ warmUp: sizes.warmUp, ...practiceOf(arm, sizes), count: FLEET, at: FLEET }],
  },
  protocols: {
    text: 'a sandbox with a port of TCP, of UDP, of both, by one IP version and by both: create, publish, unpublish, remove, create right after',
    byDefault: true,
    arms: ['ours', 'pooled'],
    rounds: 3,
    trials: (arm, sizes) =>
      PROTOCOLS.map((variant) => ({
        warmUp: 10,
        ...practiceOf(arm, sizes),
        count: Math.min(sizes.count, 100),
        variant,
      })),
  },
  segments: {
    text: 'endpoints of macvlan and ipvlan networks, one after another, made and removed in a row',
    byDefault: true,
    arms: ['ours', 'floor', 'cni'],
    rounds: 5,
    trials: (arm, sizes) =>
      SEGMENT_KINDS.map((variant) => ({
        warmUp: warmUpOf(arm, sizes),
        ...practiceOf(arm, { practice: Math.min(sizes.practice, PRACTICE_ON_SEGMENT) }),
        count: countOf(arm, sizes),
        variant,
      })),
  },
  costs: {
    text: 'memory of a live sandbox, CPU of an idle process, import and open on an empty host',
    byDefault: true,
    arms: ['ours', 'against'],
    rounds: 1,
    trials: () => [{ warmUp: 1000, count: 3000, seconds: 3 }],
  },
  endpoints: {
    text: 'one more endpoint, beside as many as exist (--existing)',
    byDefault: false,
    arms: EVERY,
    rounds: 3,
    trials: (arm, sizes) =>
      upTo(arm, sizes.existing, sizes).map((at) => ({
        warmUp: at,
        ...practiceOf(arm, sizes),
        count: Math.min(20, countOf(arm, sizes)),
        at,
      })),
  },
  ports: {
    text: 'one more published port, beside as many as are published (--ports)',
    byDefault: false,
    arms: ['ours', 'floor'],
    rounds: 3,
    trials: (_, { ports, count }) => ports.map((at) => ({ warmUp: 1, count, at })),
  },
  connect: {
    text: 'the first connection through a published port, beside as many as are published (--ports)',
    byDefault: false,
    arms: ['ours', 'floor'],
    rounds: 3,
    trials: (_, { ports, count }) => ports.map((at) => ({ warmUp: 1, count, at })),
  },
  churn: {
    text: 'endpoints come and go for a while (--seconds): how fast, and what is left of them',
    byDefault: false,
    arms: [...OWN, ...AGAINST],
    rounds: 1,
    trials: (_, { seconds }) => [{ warmUp: 10, count: 0, seconds }],
  },
  ablation: {
    text: 'the floor with one choice undone: peer moved, default queues, IPv6 link-local, no batching, another thread, two threads, one bridge for all',
    byDefault: false,
    arms: ['floor'],
    rounds: 5,
    trials: (_, sizes) => ablations(sizes),
  },
  thread: {
    text: "a short plan, one more published port, run by the thread that asks and by the executor's",
    byDefault: false,
    arms: ['ours'],
    rounds: 5,
    trials: () => ['inline', 'executor-thread'].map((variant) => ({ warmUp: 50, count: 500, variant })),
  },
  claims: {
    text: 'a published port as an element of a hash map, of an interval map, as a rule, as a verdict with a chain (--ports)',
    byDefault: false,
    arms: ['floor'],
    rounds: 3,
    // Rules and intervals by the ten thousand take minutes to be there.
    trials: (_, { ports }) =>
      ['hash', 'interval', 'rule', 'verdict'].flatMap((variant) =>
        ports.filter((at) => at <= 10_000).map((at) => ({ warmUp: 0, count: 50, at, variant })),
      ),
  },
  data: {
    text: 'iperf3 and connections a second through a published port, from another host and from this one, Docker with its proxy and without',
    byDefault: false,
    arms: ['ours', 'docker-start'],
    rounds: 3,
    trials: (arm) =>
      ['outside', 'localhost', ...(arm === 'ours' ? [] : ['outside-without-proxy', 'localhost-without-proxy'])].map(
        (variant) => ({ warmUp: 0, count: 1, variant, seconds: 3 }),
      ),
  },
  names: {
    text: 'questions for a name of a sandbox, one after another and a hundred at once, of Slipway and of dnsmasq',
    byDefault: false,
    arms: ['ours'],
    rounds: 5,
    trials: () => NAMESERVERS.map((variant) => ({ warmUp: 0, count: 0, variant, seconds: 2 })),
  },
  healing: {
    text: 'from a damage by another program to the end of its healing, by how many sandboxes exist (--existing)',
    byDefault: false,
    arms: ['ours', 'against'],
    rounds: 3,
    trials: (_, { existing }) =>
      existing
        .filter((at) => at > 0)
        .flatMap((at) => Object.keys(DAMAGES).map((variant) => ({ warmUp: at, count: 5, at, variant }))),
  },
  commands: {
    text: 'commands from their start to their end, beside the start of Node.js: CPU time and time that has elapsed',
    byDefault: false,
    arms: ['ours', 'against'],
    rounds: 3,
    trials: () => [{ warmUp: 0, count: 20 }],
  },
}
