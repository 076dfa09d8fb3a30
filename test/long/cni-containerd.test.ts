import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { PROGRAM } from '../helpers/cni-program.js'
import { COMMAND, end, start } from '../helpers/command.js'
import { fetchFrom } from '../helpers/traffic.js'
import { eventually, World } from '../helpers/world.js'

/** containerd itself, whose containers are connected by the plugin: `ctr run --cni`. */

const PROGRAMS = fileURLToPath(new URL('../../build-compare/containerd/usr/bin', import.meta.url))

const CONFIG = {
  cniVersion: '1.0.0',
  name: 'web',
  plugins: [{ type: 'slipway', capabilities: { portMappings: true }, ipam: { subnet: '10.22.0.0/24' } }],
}

/** Debian's crun knows no newer specification, and gets no cgroup: there is none to be made here. */
const RUNC = `#!/bin/sh
previous=
for word; do
  [ "$previous" = --bundle ] && sed -i 's/"ociVersion":"[^"]*"/"ociVersion":"1.0.2"/' "$word/config.json"
  previous=$word
done
exec crun --cgroup-manager=disabled "$@"
`

test('containerd connects containers to a network, one beside the other, and takes them off when they end', async (t) => {
  const world = new World(t)
  const folder = mkdtempSync('/run/containerd-')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const at = (...names: string[]) => join(folder, ...names)
  for (const name of ['etc', 'opt/cni/bin', 'root/bin', 'root/proc', 'root/dev', 'root/sys', 'root/tmp'])
    mkdirSync(at(name), { recursive: true })
  copyFileSync('/usr/bin/busybox', at('root/bin/busybox'))
  for (const applet of ['httpd', 'sh']) symlinkSync('busybox', at('root/bin', applet))
  writeFileSync(at('root/index.html'), 'found')
  writeFileSync(at('runc'), RUNC)
  const slipway = `-- '${process.execPath}' '${COMMAND}'`
  writeFileSync(
    at('opt/cni/bin/slipway'),
    `#!/bin/sh\nexec '${PROGRAM}' --socket '${at('serve')}' --netns='${world.host.path}' --state-dir='${world.stateDir}' ${slipway}\n`,
  )
  for (const program of ['runc', 'opt/cni/bin/slipway']) chmodSync(at(program), 0o755)
  writeFileSync(
    at('config.toml'),
    `version = 3\nroot = "${at('data')}"\nstate = "${at('state')}"\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"]\n[grpc]\n  address = "${at('socket')}"\n`,
  )
  execFileSync('cp', ['-a', '/etc/.', at('etc')])
  mkdirSync(at('etc/cni/net.d'), { recursive: true })
  writeFileSync(at('etc/cni/net.d/10-web.conflist'), JSON.stringify(CONFIG))
  // ctr looks for both in one place of the machine: in a mount namespace of its own, that is ours.
  const places = `mount --bind '${at('etc')}' /etc && mount --bind '${at('opt')}' /opt`
  const run = (...line: string[]) =>
    spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `${places} && exec "$@"`, 'sh', ...line], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
      env: { ...process.env, PATH: `${PROGRAMS}:${process.env['PATH']}` },
    })
  const ctr = (...args: string[]) => end(run('ctr', '--address', at('socket'), ...args))

  const server = start(world, ['serve', '-H', `unix://${at('serve')}`])
  const containerd = run('containerd', '--config', at('config.toml'))
  const names = ['one', 'two', 'three']
  const kill = () => Promise.all(names.map((name) => ctr('task', 'kill', '--signal', 'SIGKILL', name)))
  t.teardown(async () => {
    // What it runs would stay.
    await kill()
    for (const child of [containerd, server]) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      child.stderr?.destroy()
      child.stdout?.destroy()
    }
  })
  let log = ''
  containerd.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  t.true(await eventually(async () => (await ctr('version')).status === 0, 30_000))

  const running = names.map((name) =>
    ctr(
      'run',
      '--rm',
      '--cni',
      '--rootfs',
      '--runc-binary',
      at('runc'),
      at('root'),
      name,
      '/bin/httpd',
      '-f',
      '-h',
      '/',
    ),
  )
  const host = await world.open()
  const sandboxes = () => host.sandboxes.list({ network: 'web' })
  const all = await eventually(async () => (await sandboxes()).length === names.length, 30_000)
  t.true(all, log)
  for (const { endpoints } of await sandboxes()) {
    const [address = ''] = endpoints[0]?.addresses[0]?.split('/') ?? []
    const answers = async () => (await fetchFrom(world.host, `http://${address}/index.html`)) === 'found'
    t.true(await eventually(answers, 20_000))
  }
  for (const { status, stderr } of await kill()) t.is(status, 0, stderr)
  for (const { stderr } of await Promise.all(running)) t.notRegex(stderr, /cni|slipway/)
  t.deepEqual([await sandboxes(), await host.networks.list({ type: 'custom' })], [[], []])
})
