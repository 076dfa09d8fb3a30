import test from 'ava'
import type { SlipwayEvent } from '#lib/events/event.js'
import { eventTest } from '#lib/servers/docker/events/filters.js'
import { Listener } from '#lib/servers/docker/events/listener.js'
import { dockerEvents, eventLine, type DockerEvent } from '#lib/servers/docker/events/message.js'
import { readPeriod } from '#lib/servers/docker/events/period.js'

/** How what happens on a host is told in Docker's words. */

const TIME = '2026-11-30T01:05:12.031Z'
const time = Date.parse(TIME)
const event = (type: string, action: string, attributes = {}): SlipwayEvent =>
  ({ time: TIME, type, action, id: 'a1', name: 'app', attributes }) as SlipwayEvent

test('what Docker has a word for', (t) => {
  const sandbox = { team: 'blue', network: 'web', path: '/run/netns/app' }
  const endpoint = { sandbox: 'app', sandboxId: 'a1', network: 'web', networkId: 'b2', interface: 'eth0' }
  const container = { team: 'blue', image: '', name: 'app' }
  const rows: [SlipwayEvent, Omit<DockerEvent, 'time'>[]][] = [
    [
      event('sandbox', 'created', sandbox),
      [
        { type: 'container', action: 'create', id: 'a1', attributes: container },
        { type: 'container', action: 'start', id: 'a1', attributes: container },
      ],
    ],
    [
      event('sandbox', 'removed', sandbox),
      [
        { type: 'container', action: 'die', id: 'a1', attributes: { ...container, exitCode: '0' } },
        { type: 'container', action: 'destroy', id: 'a1', attributes: container },
      ],
    ],
    [
      event('endpoint', 'created', endpoint),
      [{ type: 'network', action: 'connect', id: 'b2', attributes: { container: 'a1', name: 'web' } }],
    ],
    [
      event('endpoint', 'removed', endpoint),
      [{ type: 'network', action: 'disconnect', id: 'b2', attributes: { container: 'a1', name: 'web' } }],
    ],
    [
      event('network', 'created', { driver: 'macvlan', subnets: '172.18.0.0/16' }),
      [{ type: 'network', action: 'create', id: 'a1', attributes: { name: 'app', type: 'macvlan' } }],
    ],
    [
      event('network', 'removed', { driver: 'bridge' }),
      [{ type: 'network', action: 'destroy', id: 'a1', attributes: { name: 'app', type: 'bridge' } }],
    ],
    ...['sandbox changed', 'sandbox healed', 'port created', 'host warning', 'pool made', 'endpoint changed'].map(
      (what): [SlipwayEvent, []] => {
        const [type = '', action = ''] = what.split(' ')
        return [event(type, action), []]
      },
    ),
  ]
  for (const [given, expected] of rows)
    t.deepEqual(
      dockerEvents(given),
      expected.map((one) => ({ ...one, time })),
      `${given.type} ${given.action}`,
    )
})

test('a line is what clients of that version read', (t) => {
  const start: DockerEvent = { type: 'container', action: 'start', id: 'a1', attributes: { name: 'app' }, time }
  const rest =
    '"Type":"container","Action":"start","Actor":{"ID":"a1","Attributes":{"name":"app"}},"scope":"local","time":1796000712,"timeNano":1796000712031000000}\n'
  t.is(eventLine(start, false), `{${rest}`)
  t.is(eventLine(start, true), `{"status":"start","id":"a1","from":"",${rest}`)
})

test('filters are compared as dockerd does', (t) => {
  const start: DockerEvent = {
    type: 'container',
    action: 'start',
    id: 'a1b2',
    attributes: { name: 'app', team: 'blue' },
    time,
  }
  const rows: [Record<string, string[]>, boolean][] = [
    [{}, true],
    [{ type: ['network', 'container'] }, true],
    [{ type: ['network'] }, false],
    [{ event: ['start', 'die'] }, true],
    [{ event: ['sta'] }, false],
    [{ container: ['a1'] }, true],
    [{ container: ['ap'] }, true],
    [{ container: ['pp'] }, false],
    [{ network: ['web'] }, false],
    [{ label: ['team', 'team=blue'] }, true],
    [{ label: ['team', 'team=red'] }, false],
    [{ scope: ['swarm'] }, false],
    [{ image: ['busybox'] }, false],
  ]
  for (const [filters, is] of rows)
    t.is(eventTest(new Map(Object.entries(filters)))(start), is, JSON.stringify(filters))
})

test('since and until are seconds', (t) => {
  const read = (query: string) => readPeriod(new URLSearchParams(query))
  t.deepEqual(read(''), { since: undefined, until: undefined, isPast: false })
  t.deepEqual(read('since=1796000712.031000000'), { since: time, until: undefined, isPast: false })
  t.deepEqual(read('since=0&until=5'), { since: undefined, until: 5000, isPast: true })
  t.like(read('until=99999999999'), { isPast: false })
  for (const query of ['since=1h', 'until=-1', 'since=2026-11-30', 'since=9&until=1', 'since=1e9'])
    t.like(
      t.throws(() => read(query)),
      { status: 400 },
      query,
    )
})

test('a client that does not read gets a thousand events, and the end', async (t) => {
  const listener = new Listener()
  const one = { type: 'network', action: 'create', id: 'a1', attributes: {}, time } as const
  for (let i = 0; i < 5000; i++) listener.tell(one)
  for (let i = 0; i < 1000; i++) t.is(await listener.next(), one)
  t.is(await listener.next(), undefined)

  const quick = new Listener()
  const coming = quick.next()
  quick.tell(one)
  t.is(await coming, one)
  const last = quick.next()
  quick.end()
  t.is(await last, undefined)
})
