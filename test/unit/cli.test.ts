import test from 'ava'
import { ago, portsColumn } from '#lib/cli/describe.js'
import { humanSize } from '#lib/cli/stats.js'
import type { PortMapping } from 'slipway'

const mapping = (hostPort: number, containerPort: number, more: Partial<PortMapping> = {}): PortMapping => ({
  protocol: 'tcp',
  hostIp: '0.0.0.0',
  hostPort,
  containerPort,
  ...more,
})

test('ports as docker ps prints them: neighbours are a range', (t) => {
  t.is(portsColumn([]), '')
  t.is(portsColumn([mapping(8080, 80)]), '0.0.0.0:8080->80/tcp')
  t.is(portsColumn([mapping(9002, 92), mapping(9000, 90), mapping(9001, 91)]), '0.0.0.0:9000-9002->90-92/tcp')
  t.is(portsColumn([mapping(9000, 90), mapping(9002, 91)]), '0.0.0.0:9000->90/tcp, 0.0.0.0:9002->91/tcp')
  t.is(portsColumn([mapping(53, 53), mapping(54, 54, { protocol: 'udp' })]), '0.0.0.0:53->53/tcp, 0.0.0.0:54->54/udp')
  t.is(
    portsColumn([mapping(80, 80, { hostIp: '::' }), mapping(0, 0, { protocol: 'all', hostIp: '192.0.2.5' })]),
    '192.0.2.5:*->*, [::]:80->80/tcp',
  )
  t.is(
    portsColumn([mapping(9000, 90, { hostIp: '::' }), mapping(9001, 91, { hostIp: '::' })]),
    '[::]:9000-9001->90-91/tcp',
  )
  t.is(
    portsColumn([mapping(80, 80), mapping(81, 81, { hostIp: '192.0.2.1' })]),
    '0.0.0.0:80->80/tcp, 192.0.2.1:81->81/tcp',
  )
})

test('time as docker tells it', (t) => {
  const SECOND = 1000
  const MINUTE = 60 * SECOND
  const HOUR = 60 * MINUTE
  const DAY = 24 * HOUR
  const told: [number, string][] = [
    [-5 * SECOND, 'Less than a second ago'],
    [999, 'Less than a second ago'],
    [SECOND, '1 second ago'],
    [59 * SECOND, '59 seconds ago'],
    [MINUTE, 'About a minute ago'],
    [3 * MINUTE + 59 * SECOND, '3 minutes ago'],
    [59 * MINUTE, '59 minutes ago'],
    [HOUR, 'About an hour ago'],
    [47 * HOUR, '47 hours ago'],
    [48 * HOUR, '2 days ago'],
    [13 * DAY, '13 days ago'],
    [14 * DAY, '2 weeks ago'],
    [60 * DAY, '2 months ago'],
    [800 * DAY, '2 years ago'],
  ]
  const created = '2026-01-01T00:00:00.000Z'
  for (const [age, text] of told) t.is(ago(created, Date.parse(created) + age), text)
})

test('bytes as docker stats prints them', (t) => {
  const sizes: [number, string][] = [
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [1234, '1.23kB'],
    [999_600, '1MB'],
    [12_345_678, '12.3MB'],
    [5e14, '500TB'],
  ]
  for (const [bytes, text] of sizes) t.is(humanSize(bytes), text)
})
