import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDaemonConfig, SlipwayError } from '#lib/index.js'
import { printRequest } from '#lib/base/port-mapping.js'
import { parsePublish } from '#lib/claims/ports/parse-publish.js'
import { expect, type Target } from './target.js'

/** What administrators and callers write: daemon.json and `-p`. */

const folder = mkdtempSync(join(tmpdir(), 'slipway-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'daemon.json')

/** What `read` returns, `undefined` where it refuses as it should. */
function refusable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'INVALID_ARGUMENT') return undefined
    throw error
  }
}

export const daemonJson: Target = {
  name: 'daemon-json',
  seeds: [
    {
      bip: '10.9.0.1/24',
      bip6: 'fd00:9::1/64',
      'fixed-cidr': '10.9.0.128/25',
      'fixed-cidr-v6': 'fd00:9::/80',
      ipv6: true,
      mtu: 1400,
      'default-gateway': '10.9.0.254',
      'default-gateway-v6': 'fd00:9::fe',
      'default-address-pools': [{ base: '10.10.0.0/16', size: 24 }],
      icc: false,
      ip: '127.0.0.1',
      'ip-masq': false,
      dns: ['192.0.2.53'],
      'dns-search': ['example.org'],
      'dns-opts': ['ndots:2'],
      hosts: ['fd://'],
    },
    {},
  ].map((config) => Buffer.from(JSON.stringify(config))),
  pieces: [
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '-1',
    '1e400',
    '"bip":',
    '"dns":',
    '"__proto__":',
    '"constructor":',
    '\uFEFF',
    '//',
    '\\u0000',
    '"::ffff:1.2.3.4"',
    '"0.0.0.0/0"',
    '"::/0"',
    '"1.2.3.4/33"',
    ',',
  ],
  run(input) {
    writeFileSync(path, input)
    const read = refusable(() => readDaemonConfig(path))
    if (!read) return
    expect(Object.getPrototypeOf(read.options) === Object.prototype, 'options are a plain object')
    expect(
      read.ignored.every((key) => typeof key === 'string'),
      'keys that are ignored are texts',
    )
  },
}

export const publish: Target = {
  name: 'publish',
  seeds: [
    '80',
    '8080:80',
    '127.0.0.1::80/udp',
    '[2001:db8::1]:8080:80',
    '9000-9010:90-100/sctp',
    '8000-8010:80',
    '192.0.2.5:*',
    '0:80',
    '::80',
    '80,allow=10.0.0.0/8,allow=2001:db8::/32',
  ].map((text) => Buffer.from(text)),
  pieces: [
    ':',
    '-',
    '/',
    '/tcp',
    '/udp',
    '/sctp',
    ',allow=',
    '[',
    ']',
    '*',
    '65535',
    '65536',
    '0',
    '00',
    '1-65535',
    '::',
    '::1',
    '0.0.0.0',
    '255.255.255.255',
    '10.0.0.0/8',
    '%eth0',
    ' ',
    '\u0000',
    '\u0660',
    '+1',
    '1e3',
    '0x50',
  ],
  run(input) {
    for (const request of refusable(() => parsePublish(input.toString())) ?? []) {
      const again = parsePublish(printRequest(request))
      expect(
        again.length === 1 && JSON.stringify(again[0]) === JSON.stringify(request),
        `${JSON.stringify(request)} is printed as what is read as ${JSON.stringify(again)}`,
      )
    }
  },
}
