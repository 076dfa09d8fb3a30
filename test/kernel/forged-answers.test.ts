import { once } from 'node:events'
import { spawn } from 'node:child_process'
import test from 'ava'
import { World, ipJson } from '../helpers/world.js'

// A process in a sandbox may open netlink sockets there, and send to ours while it is open. Nothing of that is heard.

/**
 * Sends to the port that the kernel gives the first socket of a process: answers to whatever may have been asked,
 * without a pause. Counts the sockets that took some of them, and what was refused.
 */
const FORGE = `
import socket, struct, sys, time
port, code, end = int(sys.argv[1]), int(sys.argv[2]), time.time() + float(sys.argv[3])
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
acks = b''.join(struct.pack('=IHHIIi', 36, 2, 0x100, seq, 0, code) + struct.pack('=IHHII', 16, 16, 5, seq, 0) for seq in range(1, 80))
sockets, heard, refused = 0, False, 0
print('begun', flush=True)
while time.time() < end:
    try:
        s.sendto(acks, (port, 0))
        sockets += not heard; heard = True
    except ConnectionRefusedError: refused += 1; heard = False
print(sockets, refused)
`

for (const [what, code] of [
  ['refusals', -17],
  ['acks', 0],
] as const) {
  test(`forged ${what} are refused, and change nothing`, async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    await slipway.networks.create({ name: 'web' })
    const app = await world.create(slipway, 'app')
    const forger = spawn('nsenter', [`--net=${app.path}`, 'python3', '-c', FORGE, `${process.pid}`, `${code}`, '1.5'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => forger.kill())
    let said = ''
    forger.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    // What it has said may come after its end.
    const ended = once(forger, 'close')
    await once(forger.stdout, 'data')
    let rounds = 0
    while (forger.exitCode === null) {
      rounds++
      const { addresses } = await app.connect('web')
      const inside = ipJson<{ addr_info: { local: string }[] }>(app, 'address', 'show').flatMap((link) =>
        link.addr_info.map(({ local }) => local),
      )
      t.true(addresses.every((address) => inside.includes(address.replace(/\/.*/, ''))))
      await app.disconnect('web')
    }
    await ended
    // The kernel gives a socket its port an instant before it takes it for connected, so that one in thousands hears
    // something; what it hears is not believed. Sockets that are not connected would hear in each round.
    const [sockets, refused] = said.split('\n')[1]!.split(' ').map(Number)
    t.true(sockets! <= Math.max(1, rounds / 10), `${sockets} sockets heard a forger in ${rounds} rounds`)
    t.true(refused! > 1000, `${refused} refused`)
  })
}
