import { once } from 'node:events'
import { spawn } from 'node:child_process'
import test from 'ava'
import { World, ipJson } from '../helpers/world.js'

// A process in a sandbox may open netlink sockets there, and send to ours while it is open. Nothing of that is heard.

/**
 * Sends to the port that the kernel gives the first socket of a process: answers to whatever may have been asked,
 * without a pause.
 */
const FORGE = `
import socket, struct, sys, time
port, code, end = int(sys.argv[1]), int(sys.argv[2]), time.time() + float(sys.argv[3])
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
acks = b''.join(struct.pack('=IHHIIi', 36, 2, 0x100, seq, 0, code) + struct.pack('=IHHII', 16, 16, 5, seq, 0) for seq in range(1, 80))
delivered = refused = 0
print('begun', flush=True)
while time.time() < end:
    try:
        s.sendto(acks, (port, 0)); delivered += 1
    except ConnectionRefusedError: refused += 1
print(delivered, refused > 0)
`

for (const [what, code] of [
  ['refusals', -17],
  ['acks', 0],
] as const) {
  test(`forged ${what} are not delivered, and change nothing`, async (t) => {
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
    while (forger.exitCode === null) {
      const { addresses } = await app.connect('web')
      const inside = ipJson<{ addr_info: { local: string }[] }>(app, 'address', 'show').flatMap((link) =>
        link.addr_info.map(({ local }) => local),
      )
      t.true(addresses.every((address) => inside.includes(address.replace(/\/.*/, ''))))
      await app.disconnect('web')
    }
    await ended
    t.is(said, 'begun\n0 True\n')
  })
}
