import test from 'ava'
import { World } from '../helpers/world.js'

/** Which sandboxes and networks a list shows, and labels by which they are found. */

test('sandboxes are listed by label, network, name, id and whether they are ephemeral', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web' })
  const labels = { job: '7', 'org.example/a=b': '' }
  const app = await world.create(slipway, 'app', { labels })
  labels.job = 'changed since'
  const db = await world.create(slipway, 'db', { network: 'web', labels: { job: '8' } })
  const both = await world.create(slipway, 'both', { network: 'web', labels: { job: '7', team: 'x=y' } })
  await both.connect('bridge')
  await world.create(slipway, 'host', { network: 'host' })
  await world.create(slipway, 'short', { network: 'none', ephemeral: true })
  await world.create(slipway, 'side', { network: `container:${db.name}` })
  const bridge = await slipway.networks.get('bridge')
  const all = ['app', 'both', 'db', 'host', 'short', 'side']

  for (const [filters, expected] of [
    [{}, all],
    [{ label: 'job' }, ['app', 'both', 'db']],
    [{ label: 'job=7' }, ['app', 'both']],
    [{ label: 'job=' }, []],
    [{ label: 'jo' }, []],
    [{ label: '!job' }, ['host', 'short', 'side']],
    [{ label: ['job=7', 'team'] }, ['both']],
    [{ label: ['job', '!team'] }, ['app', 'db']],
    [{ label: 'team=x=y' }, ['both']],
    [{ label: 'toString' }, []],
    [{ network: 'web' }, ['both', 'db']],
    [{ network: web.id }, ['both', 'db']],
    [{ network: web.id.slice(0, 12) }, ['both', 'db']],
    [{ network: bridge.id }, ['app', 'both']],
    [{ network: ['bridge', 'none'] }, ['app', 'both', 'short']],
    [{ network: 'host' }, ['host']],
    [{ network: 'we' }, []],
    [{ network: 'web', label: 'team' }, ['both']],
    [{ name: `${world.prefix}-s` }, ['short', 'side']],
    [{ name: ['app', 'host'] }, ['app', 'host']],
    [{ id: app.id.slice(0, 12) }, ['app']],
    [{ id: [app.id, db.id] }, ['app', 'db']],
    [{ ephemeral: true }, ['short']],
    [{ ephemeral: false, label: 'job' }, ['app', 'both', 'db']],
  ] as const) {
    const found = (await slipway.sandboxes.list(filters)).map(({ name }) => name)
    t.deepEqual(
      found,
      expected.map((name) => world.name(name)),
      JSON.stringify(filters),
    )
  }
  t.deepEqual(app.labels, { job: '7', 'org.example/a=b': '' })
  t.deepEqual((await slipway.sandboxes.get(app.name)).labels, app.labels)
  t.deepEqual((await slipway.sandboxes.get(world.name('host'))).labels, {})
  await app.publish('80')
  t.deepEqual((await slipway.sandboxes.get(app.name)).labels, app.labels)
})

test('a filter that there is not is refused and named, and so is what is no filter', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  for (const [call, message] of [
    [() => slipway.sandboxes.list({ labels: 'a' } as never), /there is no option "labels".*label/],
    [() => slipway.sandboxes.list({ status: 'running' } as never), /there is no option "status"/],
    [() => slipway.sandboxes.list({ label: 7 } as never), /label must be a text or a list of texts, and is 7/],
    [() => slipway.sandboxes.list({ network: [''] }), /network must be a text/],
    [() => slipway.sandboxes.list({ ephemeral: 'yes' } as never), /ephemeral must be true or false/],
    [() => slipway.sandboxes.list('a' as never), /takes an object of options/],
    [() => slipway.sandboxes.prune({ name: 'a' } as never), /there is no option "name".*label, until/],
    [() => slipway.sandboxes.prune({ until: 'day 1' }), /until must be a time/],
    [() => slipway.networks.list({ labels: 'a' } as never), /there is no option "labels"/],
    [() => slipway.sandboxes.create({ labels: ['a'] } as never), /labels must be texts by name/],
    [() => slipway.sandboxes.create({ labels: { a: 1 } } as never), /labels must be texts by name/],
    [() => slipway.sandboxes.create({ ephemeral: 1 } as never), /ephemeral must be true or false/],
  ] as const)
    await t.throwsAsync<Error>(call(), { name: 'SlipwayError', code: 'INVALID_ARGUMENT', message })
})
