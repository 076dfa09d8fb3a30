import type { Slipway } from '../api/slipway.js'
import type { SlipwayEvent } from '../events/event.js'
import { EVENT_ACTIONS, EVENT_TYPES, readEventOptions, type EventFilters } from '../events/filters.js'
import { asUsage, UsageError } from './failures.js'
import { readPairs } from './filters.js'
import { readListFormat } from './list.js'
import { print } from './output.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

export interface EventsFlags {
  filter?: string[]
  format?: string
  trunc: boolean
  json?: true
}

/** What stands above each field of --format in a table. */
const HEADS = {
  Time: 'TIME',
  Type: 'TYPE',
  Action: 'ACTION',
  ID: 'ID',
  Name: 'NAME',
  Message: 'MESSAGE',
  Attribute: (key: string) => key,
}

type Row = Record<Exclude<keyof typeof HEADS, 'Attribute'>, string> & { Attribute: (key: string) => string }

/** `slipway events`: until Ctrl-C. */
export async function events(host: GivenHost, flags: EventsFlags): Promise<void> {
  const { filter = [], trunc, json } = flags
  const filters = readEventFilters(filter)
  const format = await readListFormat<Row>(flags, HEADS)
  const id = (full: string) => (trunc ? full.slice(0, 12) : full)
  const text = (event: SlipwayEvent): string => {
    if (json) return JSON.stringify(event)
    return format ? format([rowOf(event, id(event.id))]) : line(event, id)
  }
  const tell = async (slipway: Slipway, signal: AbortSignal) => {
    for await (const event of slipway.events({ ...filters, signal })) print(text(event))
  }
  await withSlipway(host, tell, { watches: true })
}

/** @throws {UsageError} */
function readEventFilters(texts: readonly string[]): EventFilters {
  const pairs = readPairs(texts, ['type', 'action', 'event', 'sandbox', 'container', 'network', 'label'])
  const { type, action = [], event = [], sandbox = [], container = [], network, label } = pairs
  const some = (values: readonly string[]) => (values.length > 0 ? values : undefined)
  const filters = {
    type,
    action: some([...action, ...event]),
    sandbox: some([...sandbox, ...container]),
    network,
    label,
  } as EventFilters
  requireKnown('type', EVENT_TYPES, type)
  requireKnown('action', EVENT_ACTIONS, filters.action)
  asUsage(() => readEventOptions(filters))
  return filters
}

/** @throws {UsageError} */
function requireKnown(key: string, known: readonly string[], given: string | readonly string[] = []): void {
  const other = [given].flat().find((one) => !known.includes(one))
  if (other !== undefined)
    throw new UsageError(`--filter ${key} must be one of ${known.join(', ')}, and is "${other}".`)
}

function rowOf({ time, type, action, name, attributes }: SlipwayEvent, id: string): Row {
  return {
    Time: time,
    Type: type,
    Action: action,
    ID: id,
    Name: name,
    Message: attributes['message'] ?? '',
    Attribute: (key) => (Object.hasOwn(attributes, key) ? (attributes[key] ?? '') : ''),
  }
}

/** As docker prints them: what it is about, and in brackets what else is to be said. */
function line({ time, type, action, id, name, attributes }: SlipwayEvent, short: (full: string) => string): string {
  const { message, ...rest } = attributes
  const more = Object.entries(rest)
    .filter(([key, value]) => key !== 'sandbox' || value !== name)
    .map(([key, value]) => `${key}=${key === 'networkId' || key === 'sandboxId' ? short(value) : value}`)
  return [
    time,
    type,
    action,
    ...(name === '' ? [] : [name]),
    ...(id === '' ? [] : [short(id)]),
    ...(message === undefined ? [] : [message]),
    ...(more.length === 0 ? [] : [`(${more.join(', ')})`]),
  ].join(' ')
}
