import test from 'ava'
import { listenFor, setUpDamaged } from '../helpers/damaged-host.js'
import { conditionOf, DAMAGES } from '../helpers/damages.js'
import { arpReply, BROADCAST, sendFrames, udpFrame } from '../helpers/frames.js'
import { difference } from '../helpers/snapshot.js'
import { eventually, execIn } from '../helpers/world.js'

/** Deeds of a sandbox with its own link, by a shell inside. */
const DEEDS = [
  'for i in $(seq 60); do ip link set eth0 down; ip link set eth0 up; done',
  'for i in $(seq 60); do ip link set eth0 mtu 1400; ip link set eth0 mtu 1500; done',
  'ip link set eth0 address 02:00:00:00:00:77; ip link set eth0 alias x; ip link set eth0 group 29550',
  'for i in $(seq 30); do ip address flush dev eth0; ip route flush table main; done',
  'ip link add br0 type bridge; ip link set br0 group 29551; ip link add link eth0 name sh-0 type macvlan; ip link set sh-0 group 29552 up',
  'ip link set br0 up; ip link delete br0; ip link delete sh-0',
]

test('what a sandbox does inside, and frames from MAC addresses of others, are no damage of the host', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const { one, beside } = scene
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  const [mac = '', own = ''] = [beside, one].map(({ endpoints }) => endpoints[0]?.mac)
  const [theirs = '', from = ''] = [beside, one].map(({ endpoints }) => endpoints[0]?.addresses[0]?.split('/')[0] ?? '')
  const ends = { ether: { from: mac, to: BROADCAST }, from: theirs, to: from }
  sendFrames(one, [
    udpFrame(ends, 9, 'x'),
    udpFrame({ ...ends, ether: { from: mac, to: own } }, 9, 'x'),
    arpReply(ends, mac),
    udpFrame({ ...ends, ether: { from: '02:00:00:00:00:78', to: BROADCAST } }, 9, 'x'),
  ])
  for (const deed of DEEDS) execIn(one, 'sh', '-ec', deed)
  // It is told of the next that is one, and of nothing before.
  DAMAGES['docker0 with another MTU']?.do(scene)
  t.true(await eventually(() => heard.some(({ action }) => action === 'healed')))
  t.deepEqual(
    heard.map(({ action }) => action),
    ['damaged', 'healed'],
  )
  t.deepEqual(difference(before, conditionOf(scene)), [])
})
