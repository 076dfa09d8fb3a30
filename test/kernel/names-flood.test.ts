import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { bindSocket, filterSources } from '#lib/kernel/native.js'
import { Floods, type Refused } from '#lib/names/resolver/floods.js'
import { Datagrams } from '#lib/names/resolver/datagrams.js'
import { addressOf, ask, askFrom, bindUdp, endpoint, inPlace, question, serveNames, tableOf } from '../helpers/names.js'
import { HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/**
 * Askers that send more than can be answered. Without what is tested here, about half of the others' questions get
 * lost.
 */

const RESOLVER = '172.20.0.1'

/** So many that half of them answered is told from almost all, also on a machine that is busy for a second. */
const QUESTIONS = 40

/** What is sent: by which socket, and what goes before the question. */
const FLOODS: Readonly<Record<string, string>> = {
  asks: 'datagram, before, after = socket.SOCK_DGRAM, b"", b""',
  'sends what is too long for a question': 'datagram, before, after = socket.SOCK_DGRAM, b"", bytes(5000)',
  'asks from port 0': 'datagram, before, after = socket.SOCK_RAW, bytes([0, 0, 0, 53, 0, 29, 0, 0]), b""',
}

/** Sends as fast as a program can, until the test ends. */
async function flood(t: ExecutionContext, place: Place, what: string): Promise<void> {
  const script = `
import socket
question = bytes([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3]) + b'api' + bytes([0, 0, 1, 0, 1])
${FLOODS[what]}
socket = socket.socket(socket.AF_INET, datagram, socket.IPPROTO_UDP)
socket.connect(('${RESOLVER}', 53))
while True:
  try: socket.send(before + question + after)
  except OSError: pass`
  const child = spawn('nsenter', [`--net=${place.path}`, 'python3', '-c', script], {
    stdio: 'ignore',
    env: { ...process.env, LD_PRELOAD: '' },
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await sleep(700)
}

const FLOODERS = [
  ['a sandbox of the network', 'asks'],
  ['a neighbour on the uplink', 'asks'],
  ...Object.keys(FLOODS)
    .slice(1)
    .map((what) => ['a sandbox of the network', what]),
]

for (const [who = '', what = ''] of FLOODERS) {
  test.serial(`while ${who} ${what} as fast as it can, others are answered`, async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] })
    const noisy = await world.create(slipway, 'noisy', { network: 'web', aliases: ['api'] })
    const app = await world.create(slipway, 'app', { network: 'web' })
    ip('-n', world.neighbour.name, 'route', 'add', '172.20.0.0/16', 'via', HOST_ADDRESS)
    await flood(t, who.includes('sandbox') ? noisy : world.neighbour, what)
    let answered = 0
    for (let n = 0; n < QUESTIONS; n++)
      if ((await ask(app, RESOLVER, '+time=1', 'api'))[1] === addressOf(noisy, 'web')) answered++
    t.true(answered >= 0.7 * QUESTIONS, `${answered} of ${QUESTIONS}`)
  })
}

test('who sends what is too long for a question is not heard for a while, and others are', async (t) => {
  const world = new World(t)
  ip('-n', world.neighbour.name, 'address', 'add', '192.0.2.10/24', 'dev', 'eth0')
  const table = tableOf(
    endpoint({ sandbox: 'app', addresses: [NEIGHBOUR_ADDRESS] }),
    endpoint({ sandbox: 'noisy', addresses: ['192.0.2.10'] }),
  )
  serveNames(t, world.host, [HOST_ADDRESS], table.directory('web'))
  const [app, noisy] = [bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS), bindUdp(t, world.neighbour, '192.0.2.10')]
  let heard = 0
  noisy.on('message', () => heard++)
  for (let round = 0; round < 10; round++) {
    noisy.send(Buffer.alloc(5000), 53, HOST_ADDRESS)
    await askFrom(app, HOST_ADDRESS, question('app'))
    noisy.send(question('app'), 53, HOST_ADDRESS)
    await askFrom(app, HOST_ADDRESS, question('app'))
  }
  // Each silence is longer than the one before.
  t.true(heard < 5, `${heard} of 10`)
})

test('what a socket refuses by its source, the kernel drops', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'address', 'add', 'fd00::1/64', 'dev', 'uplink', 'nodad')
  ip('-n', world.neighbour.name, 'address', 'add', 'fd00::9/64', 'dev', 'eth0', 'nodad')
  const both = [
    {
      at: HOST_ADDRESS,
      from: NEIGHBOUR_ADDRESS,
      others: ['192.0.2.10', '10.0.0.0/8', '192.0.2.128/25'],
      whole: '192.0.2.0/24',
    },
    { at: 'fd00::1', from: 'fd00::9', others: ['fd00::a', 'fd00::9:0:0/96', 'fd00:8000::/17'], whole: 'fd00::/63' },
  ]
  for (const { at, from, others, whole } of both) {
    const { fd = -1 } = inPlace(world.host)(() => bindSocket('udp', at, 5353))
    const client = bindUdp(t, world.neighbour, from)
    const heard: string[] = []
    const datagrams = new Datagrams()
    const socket = datagrams.listen(fd, (received) => heard.push(...received.map(({ message }) => String(message))))
    const say = (text: string) => new Promise((resolve) => client.send(text, 5353, at, resolve))
    const steps: [text: string, refused: string[], accepted: string[], hears: boolean][] = [
      ['nothing is refused', [], [], true],
      ['it is refused', [from], [], false],
      ['its network is', [...others, whole], [], false],
      ['others are', others, [], true],
      ['only others are accepted', [], others, false],
      ['it is accepted', [], [...others, from], true],
      ['its network is accepted, and it is refused', [from], [whole], false],
      ['everybody is refused', [at.includes(':') ? '::/0' : '0.0.0.0/0'], [], false],
      ['nothing is refused again', [], [], true],
    ]
    for (const [text, refused, accepted] of steps) {
      t.is(filterSources(fd, refused, accepted), undefined, text)
      await say(text)
    }
    t.like(filterSources(fd, ['nonsense'], []), { errno: 22 })
    await sleep(50)
    t.deepEqual(
      heard,
      steps.filter(([, , , hears]) => hears).map(([text]) => text),
    )
    datagrams.close(socket)
  }
})

test('an asker that floods is not heard for a while, and longer each time', async (t) => {
  const told: Refused[] = []
  const floods = new Floods((refused) => told.push(refused))
  t.teardown(() => floods.close())
  floods.see('10.0.0.2', 2047)
  t.deepEqual(told, [])
  floods.see('10.0.0.2', 2048)
  floods.see('10.0.0.2', 3000)
  floods.see('', 3000)
  t.deepEqual(told, [
    { addresses: ['10.0.0.2'], strangers: false },
    { addresses: ['10.0.0.2'], strangers: true },
  ])
  while (told.at(-1)?.strangers || told.at(-1)?.addresses.length) await sleep(10)
  // Once more, and much less is enough.
  floods.see('10.0.0.3', 300)
  floods.see('10.0.0.2', 255)
  const before = told.length
  const began = performance.now()
  floods.see('10.0.0.2', 256)
  t.deepEqual(told.slice(before), [{ addresses: ['10.0.0.2'], strangers: false }])
  while (told.at(-1)?.addresses.length) await sleep(10)
  t.true(performance.now() - began >= 200)
})
