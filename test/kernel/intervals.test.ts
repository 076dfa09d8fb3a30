import test from 'ava'
import { add, admissionKeys, remove } from '#lib/policy/elements.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import { admitted, restricted, restrictedAt, sameNetwork } from '#lib/policy/sets.js'
import { Host } from '#lib/kernel/host.js'
import type { PortMapping } from '#lib/base/port-mapping.js'
import { World } from '../helpers/world.js'

const http: PortMapping = {
  protocol: 'sctp',
  containerPort: 80,
  hostIp: '0.0.0.0',
  hostPort: 8080,
  allow: ['10.0.0.0/8', '192.0.2.7/32'],
}
const http6: PortMapping = { ...http, hostIp: '::', allow: ['2001:db8::/33', 'fd00::1/128'] }

test.serial('elements of sets with intervals are read as they were written, and go by what was read', async (t) => {
  const host = new Host(new World(t).host.path)
  t.teardown(() => host.close())
  const elements = [
    ...[http, http6].flatMap(admissionKeys),
    [restrictedAt[4], '192.0.2.5 . tcp . 80'] as const,
    [admitted[4], '192.0.2.5 . 0-255 . 0-65535 . 0.0.0.0/0'] as const,
    [sameNetwork[4], '172.17.0.0/16 . docker0'] as const,
    [sameNetwork[6], 'fd00:17::/64 . br-with-dash'] as const,
  ]
  await host.run([...rulesetPlan(), ...elements.map(([set, key]) => add(set, { key, comment: 'x' }))])
  for (const set of [
    restricted[4],
    restricted[6],
    restrictedAt[4],
    admitted[4],
    admitted[6],
    sameNetwork[4],
    sameNetwork[6],
  ]) {
    const written = elements.filter(([other]) => other === set).map(([, key]) => key.replace(/\/(32|128)$/, ''))
    const read = (await host.ask('elements', set)).map(({ key }) => key)
    t.deepEqual(read.sort(), written.sort(), set.set)
    for (const key of read) t.is((await host.ask('element', { ...set, key })).comment, 'x', key)
    await host.run(read.map((key) => remove(set, { key })))
    t.deepEqual(await host.ask('elements', set), [])
  }
})
