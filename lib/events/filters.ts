import { callChecks } from '../base/call.js'
import { checkOptions, type Check } from '../base/checks.js'
import { hasLabel, listOf, textsCheck } from '../base/filters.js'
import type { EventAction, EventType, Happening } from './event.js'

/** Which events are meant; docker's `--filter`. A list means any of these. */
export interface EventFilters {
  /** What they are about. */
  type?: EventType | readonly EventType[]
  /** What has become of it. */
  action?: EventAction | readonly EventAction[]
  /** A sandbox's name, or the beginning of its id: events of its endpoints and ports, too. */
  sandbox?: string | readonly string[]
  /** A network's name, or the beginning of its id: events of sandboxes and endpoints on it, and of its pool, too. */
  network?: string | readonly string[]
  /** Of sandboxes and networks: `key` or `key=value`, with `!` before it those without; of a list, all of them. */
  label?: string | readonly string[]
}

/** Which events, and how long. */
export interface EventOptions extends EventFilters {
  /** Once it is aborted, the iteration throws its `reason`. */
  signal?: AbortSignal
  /** So many that nobody has taken are kept; of those beyond, an event `skipped` says how many. Default: 10,000. */
  buffer?: number
}

export const EVENT_TYPES: readonly EventType[] = ['sandbox', 'endpoint', 'port', 'network', 'host', 'pool']
export const EVENT_ACTIONS: readonly EventAction[] = [
  'created',
  'changed',
  'removed',
  'healed',
  'lost',
  'damaged',
  'warning',
  'claimed',
  'missed',
  'made',
  'dropped',
  'skipped',
]

const oneOf =
  (known: readonly string[]): Check =>
  (value) =>
    (Array.isArray(value) ? value : [value]).every((one) => known.includes(one as string))
      ? undefined
      : `one of ${known.join(', ')}, or a list of these`

const CHECKS: Record<keyof EventOptions, Check> = {
  type: oneOf(EVENT_TYPES),
  action: oneOf(EVENT_ACTIONS),
  sandbox: textsCheck,
  network: textsCheck,
  label: textsCheck,
  signal: callChecks.signal,
  buffer: (value) =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) <= 1e6 ? undefined : 'a number from 1 to 1000000',
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readEventOptions(options: EventOptions): (happening: Happening) => boolean {
  checkOptions('events', options, CHECKS)
  const { type, action, sandbox, network, label } = options
  const any = (given: string | readonly string[] | undefined, test: (wanted: string) => boolean) =>
    given === undefined || listOf(given).some(test)
  return (happening) =>
    any(type, (wanted) => happening.type === wanted) &&
    any(action, (wanted) => happening.action === wanted) &&
    any(sandbox, (wanted) => isOfSandbox(happening, wanted)) &&
    any(network, (wanted) => isOfNetwork(happening, wanted)) &&
    (label === undefined || (happening.about.labels !== undefined && hasLabels(happening.about.labels, listOf(label))))
}

const hasLabels = (labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean =>
  wanted.every((one) => hasLabel(labels, one))

const begins = (id: string, wanted: string): boolean => /^[0-9a-f]+$/.test(wanted) && id.startsWith(wanted)

const isOfSandbox = ({ about, name }: Happening, wanted: string): boolean =>
  about.sandbox !== undefined && (name === wanted || begins(about.sandbox, wanted))

function isOfNetwork({ type, id, name, attributes, about }: Happening, wanted: string): boolean {
  switch (type) {
    case 'network':
      return name === wanted || begins(id, wanted)
    case 'pool':
      return name === wanted
    case 'endpoint':
      return attributes['network'] === wanted || begins(attributes['networkId'] ?? '', wanted)
    case 'sandbox':
      return attributes['network'] === wanted || begins(about.network ?? '', wanted)
    default:
      return false
  }
}
