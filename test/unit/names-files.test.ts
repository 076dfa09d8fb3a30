import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { hostModeFiles, sandboxFiles, type SandboxPlace } from '#lib/names/files.js'
import { readHostFiles, type HostFiles } from '#lib/names/host-files.js'
import type { NameOptions } from '#lib/base/name-options.js'
import { parseResolvConf, setsNdots, upstreamsOf } from '#lib/names/resolv-conf.js'
import { removeNameFiles, writeNameFiles } from '#lib/names/write-files.js'

const HEADER = "# Made by Slipway from the host's resolv.conf, and made again when networks or options change.\n"
const RESOLV_CONF = `# by hand
nameserver 127.0.0.53
nameserver 192.0.2.53
nameserver 2001:DB8:0::53
nameserver fe80::1%eth0
nameserver not-an-address
; and more
domain old.example
search example.org corp.example
options edns0
options timeout:2  rotate
sortlist 192.0.2.0/24
`
const host: HostFiles = {
  hostname: 'machine',
  hosts: '127.0.0.1 localhost machine\n',
  resolvConf: RESOLV_CONF,
  nameservers: parseResolvConf(RESOLV_CONF),
}
const place: SandboxPlace = { addresses: ['172.17.0.2'], hostGateway: ['172.17.0.1'], ipv6Loopback: true }

const files = (options: NameOptions = {}, where: Partial<SandboxPlace> = {}) =>
  sandboxFiles({ hostname: 'app', ...options }, { ...place, ...where }, host)

test('hostname and hosts of a sandbox', (t) => {
  t.is(files().hostname, 'app\n')
  t.is(
    files().hosts,
    `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
172.17.0.2\tapp
`,
  )
})

test('hosts has what was added, then every own address with the full name and the short one', (t) => {
  const options = {
    hostname: 'app.web',
    domainname: 'example.org',
    addHost: ['db:172.20.0.9', 'v6=[2001:DB8::0:9]', 'my_gate:host-gateway', 'db:2001:db8::a'],
  }
  t.is(
    files(options, {
      addresses: ['172.17.0.2', 'fd00:0::2', '172.20.0.5'],
      hostGateway: ['172.17.0.1', 'fd00::1'],
    }).hosts.replace(/^[^]*allrouters\n/, ''),
    `172.20.0.9\tdb
2001:db8::9\tv6
172.17.0.1\tmy_gate
fd00::1\tmy_gate
2001:db8::a\tdb
172.17.0.2\tapp.web.example.org app
fd00::2\tapp.web.example.org app
172.20.0.5\tapp.web.example.org app
`,
  )
})

test('where IPv6 is switched off, hosts has no line of it', (t) => {
  const options = { addHost: ['a:192.0.2.1', 'b:2001:db8::1', 'gate:host-gateway'] }
  t.is(
    files(options, { ipv6Loopback: false, hostGateway: ['172.17.0.1', 'fd00::1'] }).hosts,
    '127.0.0.1\tlocalhost\n192.0.2.1\ta\n172.17.0.1\tgate\n172.17.0.2\tapp\n',
  )
})

test("resolv.conf on the default bridge is the host's, without what cannot be reached", (t) => {
  const rest = 'search example.org corp.example\noptions edns0 timeout:2 rotate\nsortlist 192.0.2.0/24\n'
  t.is(files()['resolv.conf'], `${HEADER}nameserver 192.0.2.53\n${rest}`)
  t.is(
    files({}, { addresses: ['172.17.0.2', 'fd00::2'] })['resolv.conf'],
    `${HEADER}nameserver 192.0.2.53\nnameserver 2001:db8::53\n${rest}`,
  )
})

test('each dns option replaces its own directive', (t) => {
  const at = (options: NameOptions) =>
    files(options)['resolv.conf'].replace(HEADER, '').replace('sortlist 192.0.2.0/24\n', '')
  const search = 'search example.org corp.example\n'
  const options = 'options edns0 timeout:2 rotate\n'
  t.is(
    at({ dns: ['198.51.100.1', '2001:DB8::1', '127.0.0.1'] }),
    `nameserver 198.51.100.1\nnameserver 2001:db8::1\nnameserver 127.0.0.1\n${search}${options}`,
  )
  t.is(at({ dnsSearch: ['a.example', 'b.example'] }), `nameserver 192.0.2.53\nsearch a.example b.example\n${options}`)
  t.is(at({ dnsSearch: ['.'] }), `nameserver 192.0.2.53\n${options}`)
  t.is(at({ dnsOptions: ['ndots:2'] }), `nameserver 192.0.2.53\n${search}options ndots:2\n`)
  t.is(at({ dns: [], dnsSearch: [], dnsOptions: [] }), `nameserver 192.0.2.53\n${search}${options}`)
})

test("docker's public nameservers stand in when none of the host's is left, and the file says so", (t) => {
  const said =
    "# None of the host's nameservers can be reached from here: these are Google's public ones, as with Docker.\n# The option dns names others.\n"
  const v4 = 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n'
  for (const text of ['nameserver 127.0.0.1\nnameserver ::1\nnameserver ::ffff:127.0.0.1\n', '']) {
    const local = { ...host, nameservers: parseResolvConf(text) }
    t.is(sandboxFiles({ hostname: 'a' }, place, local)['resolv.conf'], HEADER + said + v4)
    t.is(
      sandboxFiles({ hostname: 'a' }, { ...place, addresses: ['fd00::2'] }, local)['resolv.conf'],
      `${HEADER}${said}${v4}nameserver 2001:4860:4860::8888\nnameserver 2001:4860:4860::8844\n`,
    )
    t.is(
      sandboxFiles({ hostname: 'a', dns: ['192.0.2.1'] }, place, local)['resolv.conf'],
      `${HEADER}nameserver 192.0.2.1\n`,
    )
  }
})

test("on a user-defined network the network's resolver is the only nameserver", (t) => {
  const at = (options: NameOptions) =>
    files(options, { resolver: '172.20.0.1' })['resolv.conf'].replace(HEADER, '').replace('sortlist 192.0.2.0/24\n', '')
  t.is(at({}), 'nameserver 172.20.0.1\nsearch example.org corp.example\noptions edns0 timeout:2 rotate ndots:0\n')
  t.is(
    at({ dns: ['198.51.100.1'], dnsSearch: ['.'], dnsOptions: ['ndots:2'] }),
    'nameserver 172.20.0.1\noptions ndots:2\n',
  )
  t.is(at({ dnsSearch: ['.'], dnsOptions: ['ndots:x', 'ndots'] }), 'nameserver 172.20.0.1\noptions ndots:0\n')
})

test('the resolver asks the servers that the sandbox would have had', (t) => {
  t.deepEqual(upstreamsOf(host.nameservers, {}), ['127.0.0.53', '192.0.2.53', '2001:db8::53', 'fe80::1%eth0'])
  t.deepEqual(upstreamsOf(host.nameservers, { dns: ['198.51.100.1', '127.0.0.1', '::1'] }), ['198.51.100.1'])
  t.is(setsNdots(host.nameservers, {}), false)
  t.is(setsNdots(host.nameservers, { dnsOptions: ['ndots:0'] }), true)
})

test("in the host's network the files are the host's, but for what was asked for", (t) => {
  t.deepEqual(hostModeFiles({}, place, host), { hostname: 'machine\n', hosts: host.hosts, 'resolv.conf': RESOLV_CONF })
  const asked = hostModeFiles(
    { hostname: 'app', addHost: ['machine:192.0.2.7'], dnsSearch: ['.'] },
    { ...place, ipv6Loopback: false },
    host,
  )
  t.deepEqual(asked, {
    hostname: 'app\n',
    hosts: '127.0.0.1\tlocalhost\n192.0.2.7\tmachine\n',
    'resolv.conf': `${HEADER}nameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver fe80::1%eth0\noptions edns0 timeout:2 rotate\nsortlist 192.0.2.0/24\n`,
  })
})

function temporary(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-names-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

test('of a namespace that ip-netns knows by name, its own files come first, each by itself', async (t) => {
  const etc = temporary(t)
  mkdirSync(join(etc, 'netns/blue'), { recursive: true })
  for (const [name, text] of [
    ['hosts', '127.0.0.1 all\n'],
    ['resolv.conf', 'nameserver 192.0.2.1\n'],
    ['netns/blue/resolv.conf', 'nameserver 192.0.2.2\n'],
  ] as const)
    writeFileSync(join(etc, name), text)
  for (const [netns, server] of [
    ['/run/netns/blue', '192.0.2.2'],
    ['/var/run/netns/blue', '192.0.2.2'],
    ['/run/netns/red', '192.0.2.1'],
    ['/proc/1/ns/net', '192.0.2.1'],
    ['/run/netns/blue/x', '192.0.2.1'],
  ] as const) {
    const { hosts, nameservers } = await readHostFiles({ etc, netns })
    t.deepEqual([hosts, nameservers.nameservers], ['127.0.0.1 all\n', [server]], netns)
  }
})

test("of systemd-resolved's stub, the servers behind it are read", async (t) => {
  const etc = temporary(t)
  const systemdResolvConf = join(etc, 'systemd')
  const read = async (text: string) => {
    writeFileSync(join(etc, 'resolv.conf'), text)
    const { nameservers, resolvConf } = await readHostFiles({ etc, systemdResolvConf })
    t.is(resolvConf, text)
    return nameservers.nameservers
  }
  t.deepEqual(await readHostFiles({ etc, systemdResolvConf }), {
    hostname: hostname(),
    hosts: '',
    resolvConf: '',
    nameservers: parseResolvConf(''),
  })
  t.deepEqual(await read('nameserver 127.0.0.53\n'), ['127.0.0.53'])
  writeFileSync(systemdResolvConf, 'nameserver 192.0.2.53\n')
  t.deepEqual(await read('nameserver 127.0.0.53\noptions edns0\n'), ['192.0.2.53'])
  t.deepEqual(await read('nameserver 127.0.0.53\nnameserver 192.0.2.1\n'), ['127.0.0.53', '192.0.2.1'])
  t.deepEqual(await read('nameserver 127.0.0.1\n'), ['127.0.0.1'])
})

test('files are written in place, when they differ, and for everybody to read', async (t) => {
  const folder = join(temporary(t), 'files', 'app')
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const paths = writeNameFiles(folder, files())
  process.umask(before)
  t.deepEqual(paths, {
    hostnamePath: join(folder, 'hostname'),
    hostsPath: join(folder, 'hosts'),
    resolvConfPath: join(folder, 'resolv.conf'),
  })
  t.deepEqual(readdirSync(folder).sort(), ['hostname', 'hosts', 'resolv.conf'])
  t.is(readFileSync(paths.hostsPath, 'utf8'), files().hosts)
  for (const path of Object.values(paths)) t.is(statSync(path).mode & 0o777, 0o644)

  // What a runtime has bound is the inode.
  const bound = join(folder, 'bound')
  linkSync(paths.hostsPath, bound)
  utimesSync(paths.hostnamePath, 1, 1)
  chmodSync(paths.hostsPath, 0o600)
  const changed = files({}, { addresses: [] })
  writeNameFiles(folder, changed)
  t.is(readFileSync(bound, 'utf8'), changed.hosts)
  t.is(statSync(bound).mode & 0o777, 0o644)
  t.is(statSync(paths.hostnamePath).mtimeMs, 1000)
  writeNameFiles(folder, files({ addHost: ['longer:192.0.2.1'] }))
  t.is(readFileSync(bound, 'utf8'), files({ addHost: ['longer:192.0.2.1'] }).hosts)

  removeNameFiles(folder)
  removeNameFiles(folder)
  t.throws(() => statSync(folder), { code: 'ENOENT' })
})

test('what is no file in the place of one is refused at once, and a link is not followed', async (t) => {
  const folder = join(temporary(t), 'files')
  const path = join(folder, 'hosts')
  const elsewhere = join(folder, '..', 'elsewhere')
  writeFileSync(elsewhere, 'mine')
  mkdirSync(path, { recursive: true })
  const refused = (what: string) =>
    t.throws(
      () => writeNameFiles(folder, files()),
      { code: 'CONFLICT', message: new RegExp(`/hosts is ${what}`) },
      what,
    )
  refused('a folder')
  rmSync(path, { recursive: true })
  for (const target of ['elsewhere', join('..', 'elsewhere')]) {
    symlinkSync(target, path)
    refused('a symbolic link')
    rmSync(path)
  }
  execFileSync('mkfifo', [path])
  refused('a FIFO')
  rmSync(path)
  execFileSync('mknod', [path, 'c', '1', '3'])
  refused('a device')
  rmSync(path)
  writeNameFiles(folder, files())
  t.is(readFileSync(path, 'utf8'), files().hosts)
  t.is(readFileSync(elsewhere, 'utf8'), 'mine')

  // The folder itself.
  rmSync(folder, { recursive: true })
  mkdirSync(`${elsewhere}-folder`)
  symlinkSync(`${elsewhere}-folder`, folder)
  t.throws(() => writeNameFiles(folder, files()), { code: 'ENOTDIR' })
  t.deepEqual(readdirSync(`${elsewhere}-folder`), [])
})

test('a file that its sandbox has blown up is cut, and not read', async (t) => {
  const folder = temporary(t)
  const { hostsPath, hostnamePath } = writeNameFiles(folder, files())
  // Larger than any buffer: to read it whole would fail.
  truncateSync(hostsPath, 2 ** 40)
  truncateSync(hostnamePath, 0)
  writeNameFiles(folder, files())
  t.is(readFileSync(hostsPath, 'utf8'), files().hosts)
  t.is(readFileSync(hostnamePath, 'utf8'), files().hostname)
})

test('of the host, what is no file is as if it were not there', async (t) => {
  const etc = temporary(t)
  execFileSync('mkfifo', [join(etc, 'hosts')])
  mkdirSync(join(etc, 'resolv.conf'))
  t.like(await readHostFiles({ etc }), { hosts: '', resolvConf: '' })
  rmSync(join(etc, 'hosts'))
  writeFileSync(join(etc, 'hosts'), '')
  truncateSync(join(etc, 'hosts'), 2 ** 40)
  t.like(await readHostFiles({ etc }), { hosts: '', resolvConf: '' })
})
