import test from 'ava'
import type { Container } from '#lib/servers/docker/containers/container.js'
import { readCreateContainer } from '#lib/servers/docker/containers/in-body.js'
import { Lives } from '#lib/servers/docker/containers/lives.js'
import { portsOf } from '#lib/servers/docker/containers/shown.js'
import { requireEnding } from '#lib/servers/docker/containers/signal.js'
import { Fields } from '#lib/servers/http/fields.js'

/** How Docker's containers are translated to sandboxes, and back. */

const read = (body: object, name = '') => readCreateContainer(name, new Fields(body as Record<string, unknown>))

test('what a body asks for', (t) => {
  const rows: [object, object][] = [
    [{}, { network: 'bridge', labels: {} }],
    [
      // As docker's command sends it.
      {
        Env: null,
        Cmd: null,
        Volumes: {},
        Tty: true,
        HostConfig: {
          NetworkMode: 'default',
          Binds: null,
          LogConfig: { Type: '', Config: {} },
          ConsoleSize: [50, 120],
          ContainerIDFile: '/tmp/id',
          RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
          MemorySwappiness: -1,
          OomKillDisable: false,
        },
        NetworkingConfig: { EndpointsConfig: { default: { IPAMConfig: null, Aliases: null, MacAddress: '' } } },
      },
      { network: 'bridge', labels: {} },
    ],
    [{ HostConfig: { NetworkMode: 'container:app' } }, { network: 'container:app', labels: {} }],
    [
      {
        Hostname: 'h',
        Domainname: 'example.org',
        Labels: { team: 'blue' },
        MacAddress: '02:00:00:00:00:01',
        HostConfig: { Dns: ['192.0.2.53'], DnsSearch: ['.'], DnsOptions: ['ndots:2'], ExtraHosts: ['db:192.0.2.9'] },
      },
      {
        network: 'bridge',
        hostname: 'h',
        domainname: 'example.org',
        labels: { team: 'blue' },
        mac: '02:00:00:00:00:01',
        dns: ['192.0.2.53'],
        dnsSearch: ['.'],
        dnsOptions: ['ndots:2'],
        addHost: ['db:192.0.2.9'],
      },
    ],
    [
      {
        MacAddress: '02:00:00:00:00:01',
        HostConfig: { NetworkMode: 'web' },
        NetworkingConfig: {
          EndpointsConfig: {
            web: {
              IPAMConfig: { IPv4Address: '172.30.0.7', IPv6Address: 'fd00::7' },
              Aliases: ['api'],
              MacAddress: '02:00:00:00:00:02',
              GwPriority: 5,
            },
          },
        },
      },
      {
        network: 'web',
        labels: {},
        ip: '172.30.0.7',
        ip6: 'fd00::7',
        aliases: ['api'],
        mac: '02:00:00:00:00:02',
        gwPriority: 5,
      },
    ],
  ]
  for (const [body, options] of rows) t.deepEqual(read(body).options, options as never, JSON.stringify(body))
  t.like(read({ HostConfig: { AutoRemove: true } }, 'app'), { options: { name: 'app' }, autoRemove: true })
  t.deepEqual(
    read({
      HostConfig: { NetworkMode: 'a' },
      NetworkingConfig: { EndpointsConfig: { a: {}, b: null, c: { Aliases: ['x'] } } },
    }).others,
    [
      ['b', {}],
      ['c', { aliases: ['x'] }],
    ],
  )
  t.regex(read({ Image: 'busybox' }).warnings.join(), /^Image "busybox" does not run/)
  t.deepEqual(read({}).warnings, [])
})

test('which ports are published', (t) => {
  const exposed = { '70/tcp': {}, '80/tcp': {} }
  const rows: [object, string[]][] = [
    [{ ExposedPorts: exposed }, []],
    [{ ExposedPorts: exposed, HostConfig: { PublishAllPorts: true } }, ['70/tcp', '80/tcp']],
    [
      { ExposedPorts: exposed, HostConfig: { PublishAllPorts: true, PortBindings: { '80': [{ HostPort: '8080' }] } } },
      ['8080:80', '70/tcp'],
    ],
    [{ HostConfig: { PortBindings: { '80/tcp': null, '90/udp': [] } } }, ['80/tcp', '90/udp']],
    [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '' }, { HostPort: '0' }] } } }, ['80/tcp', '80/tcp']],
    [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8000-8010' }] } } }, ['8000-8010:80/tcp']],
    [
      { HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1' }, { HostIp: '::1', HostPort: '8080' }] } } },
      ['127.0.0.1::80/tcp', '[::1]:8080:80/tcp'],
    ],
  ]
  for (const [body, publish] of rows) t.deepEqual(read(body).options.publish ?? [], publish, JSON.stringify(body))
})

test('what a sandbox has not is refused by its name', (t) => {
  const rows: [object, RegExp][] = [
    [{ Cmd: ['sh'] }, /^Cmd: .*starts no programs/],
    [{ entrypoint: 'sh' }, /^entrypoint: /],
    [{ Volumes: { '/data': {} } }, /^Volumes: .*files are those of the machine/],
    [{ HostConfig: { Binds: ['/a:/b'] } }, /^HostConfig\.Binds: /],
    [{ HostConfig: { LogConfig: { Type: 'syslog' } } }, /^HostConfig\.LogConfig: /],
    [{ HostConfig: { RestartPolicy: { Name: 'always' } } }, /^HostConfig\.RestartPolicy: /],
    [{ HostConfig: { Links: ['db'] } }, /^HostConfig\.Links: /],
    [{ HostConfig: { Privileged: true } }, /^HostConfig\.Privileged: /],
  ]
  for (const [body, message] of rows)
    t.like(
      t.throws(() => read(body), { message }),
      { status: 501 },
    )
})

test('ports in a list', (t) => {
  const ports = {
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
    '90/udp': [{ HostIp: '0.0.0.0', HostPort: '' }],
    '91/udp': null,
  }
  t.deepEqual(portsOf({ settings: { Ports: ports } } as unknown as Container), [
    { IP: '0.0.0.0', PrivatePort: 80, Type: 'tcp', PublicPort: 8080 },
    { PrivatePort: 90, Type: 'udp' },
    { PrivatePort: 91, Type: 'udp' },
  ])
})

test('signals that a container ends by', (t) => {
  for (const signal of ['', 'KILL', 'SIGTERM', 'sigint', '9', '15']) t.notThrows(() => requireEnding(signal), signal)
  for (const signal of ['HUP', 'SIGUSR1', '10', 'WINCH'])
    t.like(
      t.throws(() => requireEnding(signal)),
      { status: 501 },
    )
  for (const signal of ['NOPE', 'SIG', '0', '999', '-9'])
    t.like(
      t.throws(() => requireEnding(signal)),
      { status: 400 },
    )
})

test('what clients have said of containers is remembered up to a bound', (t) => {
  const lives = new Lives()
  const id = (number: number) => number.toString(16).padStart(64, '0')
  const container = (number: number) => ({ id: id(number), name: `c${number % 1500}` }) as Container
  lives.created(id(1), true)
  t.is(lives.stateOf(id(1)), 'created')
  t.true(lives.started(id(1)))
  t.false(lives.started(id(1)))
  t.is(lives.stateOf(id(1)), 'running')
  t.true(lives.isRemovedAtEnd(id(1)))
  for (let number = 1; number <= 2000; number++) {
    lives.created(id(number), false)
    lives.stopped(container(number))
  }
  t.is(lives.all.length, 1000)
  t.is(lives.find('c900'), undefined)
  // Of two with a name, the last one.
  t.is(lives.find('c100')?.id, id(1600))
  t.is(lives.find(id(1700))?.name, 'c200')
  lives.removed(id(1700))
  t.is(lives.find(id(1700)), undefined)
  for (let number = 1; number <= 2000; number++) lives.created(id(number), false)
  t.deepEqual([lives.stateOf(id(1)), lives.stateOf(id(2000))], ['running', 'created'])
})
