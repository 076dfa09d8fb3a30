import { release } from 'node:os'
import test from 'ava'
import { listenFor } from '../helpers/damaged-host.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, onSegment } from '../helpers/segment.js'
import { LINK_DAMAGES, segmentCondition } from '../helpers/segment-damages.js'
import { difference } from '../helpers/snapshot.js'
import { eventually, lasting, ipJson } from '../helpers/world.js'

/** What others do to parents that Slipway has made: links to nowhere and VLANs (helpers/segment-damages.ts). */

const EVENT_MS = 10_000
const [major = 0, minor = 0] = release().split('.').map(Number)
/** Before Linux 6.2, no link is renamed that is up. */
const RENAMES = major > 6 || (major === 6 && minor >= 2)

for (const [kind, driver, parent] of [
  ['dummy', 'macvlan', ''],
  ['vlan', 'ipvlan', 'uplink.50'],
] as const)
  test.serial(`a parent that Slipway has made (${kind}): a process that is open gives it back`, async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open({ heal: true })
    await (kind === 'dummy'
      ? slipway.networks.create({ name: 'lan', driver, subnets: [{ subnet: '10.8.0.0/24' }] })
      : onSegment(slipway, { driver, options: { parent } }))
    const app = await world.create(slipway, 'app', { network: 'lan' })
    const other = await world.create(slipway, 'other', { network: 'lan' })
    const made = ipJson<{ ifname: string; linkinfo?: { info_kind?: string } }>(world.host, '-d', 'link')
    const link = made.find(({ linkinfo }) => linkinfo?.info_kind === kind)?.ifname ?? ''
    const scene = { world, app, link }
    const heard = listenFor(t, slipway)
    const before = segmentCondition(scene)
    for (const [what, damage] of Object.entries(LINK_DAMAGES)) {
      if (what === 'renamed' && !RENAMES) continue
      heard.length = 0
      damage.do(scene)
      t.true(await eventually(() => heard.some(({ action }) => action === 'healed'), EVENT_MS), what)
      t.false(
        heard.some(({ action }) => action === 'lost'),
        what,
      )
    }
    t.deepEqual(await lasting(() => difference(before, segmentCondition(scene))), [])
    t.deepEqual([...new Set(await answersTo(app, addressesOn(other)))], ['yes'])
  })
