import test from 'ava'
import { ask, NO_ANSWER, openUdp, serveUdp } from '../helpers/traffic.js'
import { HOST_ADDRESS, World } from '../helpers/world.js'

// A datagram is sent once. A bridge has no carrier before its first port forwards, and until the kernel has acted on
// that, it drops what the host sends into it: at a third of the creates on a new bridge, before they waited for that.
for (const network of ['bridge', 'web']) {
  test(`the first datagram to the first sandbox of a bridge arrives: network ${network}`, async (t) => {
    for (let round = 0; round < 8; round++) {
      const world = new World(t)
      const slipway = await world.open()
      if (network !== 'bridge') await slipway.networks.create({ name: network })
      const client = openUdp(t, world.host)
      const app = await world.create(slipway, 'app', { network, publish: ['8080:80/udp'] })
      serveUdp(t, app, 80)
      t.not(await ask(client, HOST_ADDRESS, 8080), NO_ANSWER, `round ${round}`)
    }
  })
}
