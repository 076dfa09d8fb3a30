import { clearTimeout, clock, setTimeout } from '../../../base/timers.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall, DockerRoute } from '../call.js'
import { queryFilters } from '../query.js'
import { isOlder } from '../versions.js'
import type { Feed } from './feed.js'
import type { Listener } from './listener.js'
import { EVENT_FILTERS, eventTest } from './filters.js'
import { eventLine, type DockerEvent } from './message.js'
import { readPeriod, type Period } from './period.js'

/** From this version on, what a container is stands in `Actor` alone. */
const ACTOR_ALONE = '1.52'
/** The longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1

export const EVENT_ROUTES: readonly DockerRoute[] = [{ method: 'GET', path: '/events', answer: events }]

/** `docker events` */
function events({ feed, apiVersion, query, signal }: DockerCall): HttpAnswer {
  const period = readPeriod(query)
  const matches = eventTest(queryFilters(query, EVENT_FILTERS))
  const older = isOlder(apiVersion, ACTOR_ALONE)
  const found = period.isPast ? past(remembered(feed, period)) : within(feed, period, feed.listen(signal))
  return { status: 200, headers: { 'Content-Type': 'application/json' }, stream: lines(found, matches, older) }
}

async function* lines(
  found: AsyncIterable<DockerEvent>,
  matches: (event: DockerEvent) => boolean,
  older: boolean,
): AsyncGenerator<string> {
  for await (const event of found) if (matches(event)) yield eventLine(event, older)
}

/** What has been in a time. Without one, nothing is asked for. */
function remembered(feed: Feed, { since, until }: Period): readonly DockerEvent[] {
  if (since === undefined && until === undefined) return []
  return feed.recent.filter(({ time }) => time >= (since ?? 0) && time <= (until ?? Infinity))
}

async function* past(events: readonly DockerEvent[]): AsyncGenerator<DockerEvent> {
  yield* events
}

/** What has been in a time, and what comes until it is over. */
async function* within(feed: Feed, period: Period, listener: Listener): AsyncGenerator<DockerEvent> {
  const { until } = period
  const timer = until === undefined ? undefined : setTimeout(listener.end, Math.min(until - clock.time(), LONGEST_MS))
  try {
    yield* remembered(feed, period)
    for (let event = await listener.next(); event; event = await listener.next()) yield event
  } finally {
    clearTimeout(timer)
    feed.leave(listener)
  }
}
