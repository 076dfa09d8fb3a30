import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import test from 'ava'
import { call, type ApiServer } from '../helpers/api-server.js'
import { startDocker } from '../helpers/docker-command.js'
import { served } from '../helpers/served.js'
import { eventually } from '../helpers/world.js'

/** `docker events`, and what else a server sends as it comes. */

interface Listening {
  lines: Record<string, unknown>[]
  response: IncomingMessage
  /** The server has sent the end of it. */
  ended: Promise<void>
}

/** A client that has the headers of an answer hears all from then on. */
function listen({ socket }: Pick<ApiServer, 'socket'>, path: string, method = 'GET'): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path, method, agent: false }, (response) => {
      const lines: Record<string, unknown>[] = []
      const reader = createInterface(response)
      reader.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>))
      // A test lets go of it.
      response.on('error', () => undefined)
      resolve({ lines, response, ended: new Promise((end) => response.once('end', end)) })
    })
    asked.once('error', reject).end()
  })
}

const short = ({ Type, Action, Actor }: Record<string, unknown>): string => {
  const { name } = (Actor as { Attributes: { name: string } }).Attributes
  return `${String(Type)} ${String(Action)} ${name}`
}

test('events prints what comes and goes, whoever does it, and what has been', async (t) => {
  const { world, slipway, server, host, done } = await served(t)
  const app = world.name('app')
  const typed = startDocker(host, 'events', '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}')
  t.teardown(() => typed.child.kill())
  const all = await listen(server, '/v1.51/events')
  const newest = await listen(server, '/v1.52/events?filters={"type":["container"],"event":["die"]}')
  await eventually(async () => {
    const [probe] = await slipway.networks.list({ name: 'probe' })
    if (probe) await probe.remove()
    else await slipway.networks.create({ name: 'probe' })
    return typed.lines().length > 0
  })
  await slipway.networks.prune()

  const { id: web } = await slipway.networks.create({ name: 'web' })
  const sandbox = await slipway.sandboxes.create({ name: app, network: 'web', labels: { team: 'blue' } })
  await sandbox.remove()
  await (await slipway.networks.get('web')).remove()
  const told = [
    'network create web',
    `container create ${app}`,
    `container start ${app}`,
    'network connect web',
    'network disconnect web',
    `container die ${app}`,
    `container destroy ${app}`,
    'network destroy web',
  ]
  const withoutProbe = (lines: readonly string[]) => lines.filter((line) => !line.endsWith(' probe'))
  await eventually(() => withoutProbe(typed.lines()).length >= told.length)
  t.deepEqual(withoutProbe(typed.lines()), told)

  const heardSoFar = () => all.lines.filter((line) => !short(line).endsWith(' probe'))
  await eventually(() => heardSoFar().length >= told.length && newest.lines.length > 0)
  const heard = heardSoFar()
  t.deepEqual(heard.map(short), told)
  const [, create, , connect] = heard
  t.like(create, { status: 'create', id: sandbox.id, from: '', scope: 'local', Actor: { ID: sandbox.id } })
  t.like(connect, { status: undefined, Actor: { ID: web, Attributes: { container: sandbox.id, name: 'web' } } })
  t.true(Math.abs(Number(create?.['time']) - Date.now() / 1000) < 60)
  t.is(Math.floor(Number(create?.['timeNano']) / 1e9), Number(create?.['time']))
  t.like(newest.lines, [{ Action: 'die', status: undefined, Actor: { Attributes: { exitCode: '0' } } }])

  // What has been, and then it ends.
  // Docker's command cuts what it counts itself to seconds.
  const now = (Date.now() / 1000).toFixed(3)
  const past = ['events', '--since', '1h', '--until', now, '--format', '{{.Action}} {{.Actor.Attributes.team}}']
  const mine = ['--filter', `container=${app}`, '--filter', 'label=team=blue']
  t.is(await done(...past, ...mine), 'create blue\nstart blue\ndie blue\ndestroy blue')
  t.is(await done(...past, ...mine, '--filter', 'event=start'), 'start blue')
  const soon = await listen(server, `/events?until=${Date.now() / 1000 + 0.2}`)
  await soon.ended
  t.is((await call(server, 'GET', '/events?since=9&until=1')).status, 400)
  t.is((await call(server, 'GET', '/events?since=yesterday')).status, 400)
  t.is((await call(server, 'GET', '/events?filters={"colour":["red"]}')).status, 400)
  t.deepEqual(server.logged, [])

  const closed = Date.now()
  await server.service.close(60_000)
  await all.ended
  t.true(Date.now() - closed < 30_000)
})

test('a client that goes away is let go; one too many is refused', async (t) => {
  const { server } = await served(t)
  const most = 256
  const clients = await Promise.all(Array.from({ length: most }, () => listen(server, '/events')))
  t.is((await call(server, 'GET', '/events')).status, 503)
  for (const { response } of clients) response.destroy()
  await eventually(async () => {
    const { response } = await listen(server, '/events')
    response.destroy()
    return response.statusCode === 200
  })
})

test('wait answers when a container has gone', async (t) => {
  const { world, slipway, server, done } = await served(t)
  const app = await world.create(slipway, 'app')
  const path = `/containers/${app.name}/wait`
  const waiting = [await listen(server, path, 'POST'), await listen(server, `${path}?condition=removed`, 'POST')]
  t.is((await call(server, 'POST', `${path}?condition=other`)).status, 400)
  t.is((await call(server, 'POST', '/containers/nope/wait')).status, 404)
  t.true(waiting.every(({ lines }) => lines.length === 0))
  await done('stop', app.name)
  for (const { ended, lines } of waiting) {
    await ended
    t.deepEqual(lines, [{ StatusCode: 0 }])
  }
  t.is(await done('wait', app.name), '0')
  t.deepEqual(server.logged, [])
})

test('df says that nothing is used', async (t) => {
  const { server, done } = await served(t)
  t.regex(await done('system', 'df'), /^Images +0 +0 +0B +0B$/m)
  t.like((await call(server, 'GET', '/v1.52/system/df')).json, { ContainerUsage: { TotalCount: 0 } })
})
