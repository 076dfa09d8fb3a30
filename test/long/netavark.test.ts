import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { COMMAND, end } from '../helpers/command.js'
import { DB, ON_DB, ON_WEB, SHOP, WEB } from '../helpers/podman.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/** netavark itself, with Slipway as its plugin. */

const NETAVARK = fileURLToPath(new URL('../../build-compare/netavark/netavark', import.meta.url))

test('netavark connects a container to two networks by the plugin, and takes it off', async (t) => {
  const world = new World(t)
  const name = world.name('container')
  ip('netns', 'add', name)
  const container: Place = { name, path: `/run/netns/${name}` }
  const folder = mkdtempSync('/run/netavark-')
  const program = join(folder, 'slipway')
  const slipwayCommand = `'${process.execPath}' '${COMMAND}' --netns='${world.host.path}' --state-dir='${world.stateDir}'`
  writeFileSync(program, `#!/bin/sh\nexec ${slipwayCommand} netavark "$@"\n`)
  chmodSync(program, 0o755)
  const request = (web: object) => ({
    ...SHOP,
    networks: { web, db: ON_DB },
    network_info: { web: WEB, db: DB },
  })
  const netavark = async (action: string, input: object) => {
    const args = ['--plugin-directory', folder, '--config', folder, action, container.path]
    const child = spawn(NETAVARK, args, { stdio: 'pipe', timeout: 30_000 })
    child.stdin.end(JSON.stringify(input))
    return end(child)
  }
  const { status, stdout } = await netavark('setup', request(ON_WEB))
  t.is(status, 0, stdout)
  t.like(JSON.parse(stdout) as object, {
    web: {
      dns_server_ips: ['172.20.0.1'],
      interfaces: { eth0: { subnets: [{ ipnet: '172.20.0.7/24', gateway: '172.20.0.1' }] } },
    },
    db: { interfaces: { eth1: { mac_address: '02:00:00:00:00:07' } } },
  })
  serveTcp(t, container, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), NEIGHBOUR_ADDRESS)
  t.is((await netavark('teardown', request(ON_WEB))).status, 0)
  const slipway = await world.open()
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])

  const refused = await netavark('setup', request({ ...ON_WEB, static_ips: ['10.0.0.7'] }))
  t.not(refused.status, 0)
  t.regex(refused.stdout, /10\.0\.0\.7 lies outside the subnet/)
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
})
