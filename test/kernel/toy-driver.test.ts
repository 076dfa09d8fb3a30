import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import type { Slipway as Library } from 'slipway'
import { execIn, ip, ipJson, World } from '../helpers/world.js'

/** A driver is a folder and a line: a copy of the sources is given one, and used. */

const ROOT = new URL('../../', import.meta.url).pathname

/** Compiles a copy of lib/ that has the toy driver. */
async function withEcho(t: { teardown(undo: () => void): void }): Promise<typeof Library> {
  // In the repository, so that the copy finds what it is built with.
  const copy = mkdtempSync(join(ROOT, 'build-test/toy-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(join(ROOT, 'lib'), join(copy, 'lib'), { recursive: true })
  cpSync(join(ROOT, 'test/fixtures/drivers/echo'), join(copy, 'lib/drivers/echo'), { recursive: true })
  appendFileSync(join(copy, 'lib/drivers/list.ts'), "export { echo } from './echo/index.js'\n")
  const settings = {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'lib', outDir: 'out', composite: false, declaration: false },
    include: ['lib/**/*.ts'],
  }
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(settings))
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', copy], { stdio: 'inherit' })
  return ((await import(pathToFileURL(join(copy, 'out/index.js')).href)) as { Slipway: typeof Library }).Slipway
}

test('a driver that is a folder and a line makes networks, and sandboxes on them beside those of others', async (t) => {
  const Slipway = await withEcho(t)
  const world = new World(t)
  const slipway = await Slipway.open({ netns: world.host.path, stateDir: world.stateDir })
  const name = (what: string) => world.name(what)
  await slipway.networks.create({ name: 'echo', driver: 'echo', subnets: [{ subnet: '198.18.7.0/24' }] })
  const app = await slipway.sandboxes.create({ name: name('app'), network: 'echo' })
  const [endpoint] = app.endpoints
  t.like(endpoint, { network: 'echo', addresses: ['198.18.7.2/24'], gateway: '198.18.7.1' })
  execIn({ name: name('app'), path: app.path }, 'ping', '-qc1', '-W2', '198.18.7.1')
  execIn(world.host, 'ping', '-qc1', '-W2', '198.18.7.2')
  await app.connect('bridge')
  t.deepEqual(
    app.endpoints.map(({ network }) => network),
    ['echo', 'bridge'],
  )
  await t.throwsAsync(slipway.sandboxes.create({ network: 'echo', publish: ['8080:80'] }), { message: /is a toy/ })
  // Another process finds it, and disconnects it.
  const again = await Slipway.open({ netns: world.host.path, stateDir: world.stateDir })
  t.deepEqual(again.reconciled, { adopted: [name('app')], healed: [], collected: [] })
  const found = await again.sandboxes.get(name('app'))
  await found.disconnect('echo')
  await found.connect('echo', { ip: '198.18.7.9' })
  execIn(world.host, 'ping', '-qc1', '-W2', '198.18.7.9')
  await found.remove()
  await (await again.networks.get('echo')).remove()
  await again.close({ wait: true })
  await slipway.close({ wait: true })
  t.deepEqual(
    ipJson<{ ifname: string }>(world.host, 'link').filter(({ ifname }) => ifname.startsWith('echo')),
    [],
  )
  t.notRegex(ip('-n', world.host.name, 'route'), /198\.18\.7/)
})
