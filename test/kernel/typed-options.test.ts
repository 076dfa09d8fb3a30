import test from 'ava'
import type { NetworkOptions } from '#lib/index.js'
import { ipJson, World } from '../helpers/world.js'

/** Options of drivers by short names, as numbers, flags and lists, beside docker's texts. */

const docker = (name: string) => `com.docker.network.${name}`

test('typed options of a driver are those that docker has by its own names', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const shown: [NetworkOptions, Record<string, string>][] = [
    [
      { name: 'a', options: { mtu: 1400, icc: false, bridgeName: 'br-own', interfacePrefix: 'net' } },
      {
        [docker('driver.mtu')]: '1400',
        [docker('bridge.enable_icc')]: 'false',
        [docker('bridge.name')]: 'br-own',
        [docker('container_iface_prefix')]: 'net',
      },
    ],
    [
      {
        name: 'b',
        driver: 'bridge',
        options: { ipMasq: true, hostBindingIpv4: '127.0.0.1', trustedHostInterfaces: ['uplink', 'tun0'] },
      },
      {
        [docker('bridge.enable_ip_masquerade')]: 'true',
        [docker('bridge.host_binding_ipv4')]: '127.0.0.1',
        [docker('bridge.trusted_host_interfaces')]: 'uplink:tun0',
      },
    ],
    [
      { name: 'c', ipv6: true, options: { gatewayModeIpv6: 'routed', 'com.docker.network.driver.mtu': '1280' } },
      { [docker('bridge.gateway_mode_ipv6')]: 'routed', [docker('driver.mtu')]: '1280' },
    ],
    [
      { name: 'd', driver: 'macvlan', options: { parent: 'uplink', mode: 'bridge', mtu: 1300, hostShim: false } },
      { parent: 'uplink', macvlan_mode: 'bridge', [docker('driver.mtu')]: '1300', host_shim: 'false' },
    ],
    // As texts, as the command has them, the short names do, too.
    [{ name: 'e', options: { mtu: '1350' } }, { [docker('driver.mtu')]: '1350' }],
  ]
  for (const [options, expected] of shown) {
    const network = await slipway.networks.create(options)
    t.deepEqual((await network.inspect()).Options, expected, options.name)
    t.deepEqual((await (await slipway.networks.get(options.name)).inspect()).Options, expected, options.name)
  }
  t.is(ipJson<{ mtu: number }>(world.host, 'link', 'show', 'br-own')[0]?.mtu, 1400)
  const app = await world.create(slipway, 'app', { network: 'a' })
  t.is(app.endpoints[0]?.interface, 'net0')
  t.regex(await slipway.networks.explain({ name: 'x', options: { mtu: 1420 } }), /mtu 1420/)
})

test('an option that a driver does not have is refused with the nearest, and so are two names of one', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const wrong: [object, RegExp][] = [
    [
      { options: { mtuu: 1400 } },
      /^options: the bridge driver has no option "mtuu"\. Did you mean "mtu"\? There are com\.docker\.network\.bridge\.name, .*; for short, "bridgeName", "icc", /,
    ],
    [{ options: { ICC: 'false' } }, /no option "ICC"\. Did you mean "icc"\?/],
    [{ options: { 'com.docker.network.driver.mtuu': '1400' } }, /Did you mean "com\.docker\.network\.driver\.mtu"\?/],
    [{ options: { gateway_mode_ipv4: 'nat' } }, /Did you mean "gatewayModeIpv4"\?/],
    [{ options: { colour: 'red' } }, /no option "colour"\. There are /],
    [{ options: { parent: 'uplink' } }, /the bridge driver has no option "parent"/],
    [{ options: { toString: 'x' } }, /the bridge driver has no option "toString"/],
    [{ driver: 'macvlan', options: { icc: true } }, /the macvlan driver has no option "icc"/],
    [{ driver: 'macvlan', options: { flag: 'vepa' } }, /the macvlan driver has no option "flag"/],
    [{ driver: 'ipvlan', options: { modes: 'l3' } }, /the ipvlan driver has no option "modes"\. Did you mean "mode"\?/],
    [
      { options: { mtu: 1400, 'com.docker.network.driver.mtu': '1400' } },
      /^options: mtu and com\.docker\.network\.driver\.mtu are one option, by two names\. Give one of them\.$/,
    ],
    [{ driver: 'macvlan', options: { macvlan_mode: 'vepa', mode: 'bridge' } }, /macvlan_mode and mode are one option/],
    [{ options: { mtu: 12 } }, /mtu must be a number of bytes from 68 to 65535, and is "12"/],
    [{ options: { mtu: 1400.5 } }, /mtu must be a number of bytes/],
    [{ options: { mtu: NaN } }, /options: mtu must be a text, a number, .*and is NaN/],
    [{ options: { icc: 'maybe' } }, /enable_icc must be true or false, and is "maybe"/],
    [{ options: { icc: 7 } }, /enable_icc must be true or false, and is "7"/],
    [{ options: { icc: {} } }, /options: icc must be a text, a number/],
    [
      { options: { 'com.docker.network.driver.mtu': 1400 } },
      /driver\.mtu must be a text, as docker has it, and is 1400/,
    ],
    [{ options: { gatewayModeIpv4: 'open' } }, /must be one of nat, nat-unprotected, routed, isolated/],
    [{ options: ['mtu'] }, /options must be options by name/],
  ]
  for (const [options, message] of wrong)
    await t.throwsAsync(
      slipway.networks.create({ name: 'web', ...options }),
      { name: 'SlipwayError', code: 'INVALID_ARGUMENT', message },
      JSON.stringify(options),
    )
  t.is((await slipway.networks.list()).length, 3)
})
