import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { udpFrame, sendFrames } from '../helpers/frames.js'
import { ask, NO_ANSWER, openUdp, serveUdp } from '../helpers/traffic.js'
import { execIn, ipJson } from '../helpers/world.js'

/** The rules that docs/security.md has for who gives sandboxes a share of conntrack, with a smaller one. */
const SHARE = 30
const rules = (): string => {
  const [, text = ''] =
    /```nft\n(.*?)```/s.exec(readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')) ?? []
  return text.replaceAll('over 4000', `over ${SHARE}`)
}

for (const bridgeCallsIptables of [true, false]) {
  for (const family of [4, 6] as const) {
    test.serial(
      `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}: a sandbox takes no more than its share of conntrack, and others begin connections, IPv${family}`,
      async (t) => {
        const world = new DualStackWorld(t, bridgeCallsIptables)
        const { host, neighbour } = world
        const slipway = await world.open({ bip: '10.1.0.1/24', bip6: 'fd00:1::1/64' })
        execFileSync('nsenter', [`--net=${host.path}`, 'nft', '-f', '-'], { input: rules() })
        const [app, beside] = [await world.create(slipway, 'app'), await world.create(slipway, 'beside')]
        serveUdp(t, neighbour, 7000, family)
        const begun = openUdp(t, app, 0, family)
        t.is(await ask(begun, NEIGHBOUR[family], 7000), HOST[family])
        const from = addressesOf(app)[family]
        const [{ address: to = '' } = {}] = ipJson<{ address: string }>(host, 'link', 'show', 'dev', 'docker0')
        const ether = { from: app.endpoints[0]?.mac ?? '', to }
        sendFrames(
          app,
          Array.from({ length: 200 }, (_, index) =>
            udpFrame({ ether, from, to: NEIGHBOUR[family] }, 10_000 + index, 'one more'),
          ),
        )
        const known = execIn(host, 'conntrack', '-L', '-f', `ipv${family}`, '-s', from)
          .split('\n')
          .filter(Boolean).length
        t.true(known > SHARE / 2 && known <= SHARE, `${known}`)
        t.is(await ask(openUdp(t, beside, 0, family), NEIGHBOUR[family], 7000), HOST[family])
        t.is(await ask(begun, NEIGHBOUR[family], 7000), HOST[family])
        t.is(await ask(openUdp(t, app, 0, family), NEIGHBOUR[family], 7000, NO_ANSWER), NO_ANSWER)
      },
    )
  }
}
