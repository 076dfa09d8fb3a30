// Why: `npm run example:oci`. How a container runtime uses Slipway: sandboxes first, then crun with config.json's path
// to their namespaces and the three files, and down again in the opposite order. docs/oci.md says the same in prose.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { Slipway, type Sandbox, type SandboxFiles } from 'slipway'
import { indent } from '../start/fetches.js'
import { untilTakenDown } from '../start/floor.js'
import { count, removeRuleset } from '../start/leftovers.js'
import {
  HOST_ADDRESS,
  makeNeighbourhood,
  NEIGHBOUR,
  removeNeighbourhood,
  requireThrowawayHost,
} from '../start/neighbourhood.js'
import { step } from '../start/steps.js'
import { heading, microseconds, paint, say } from '../start/style.js'
import { makeBundle, makeRoot, PAGE } from './bundle.js'
import { containerConfig, networkPart } from './config.js'
import { Runtime } from './runtime.js'

const SUBNET = '172.20.0.0/16'
const SERVE = 'httpd -h /www -p 80 && echo listening; exec sleep 60'
const IDLE = 'echo up; exec sleep 60'

try {
  requireThrowawayHost('npm run example:oci')
  // On the /run that goes away with us, so that nothing is left even of a run that was broken off.
  const folder = mkdtempSync('/run/containers-')
  const runtime = new Runtime(join(folder, 'state'))
  try {
    await main(folder, runtime)
  } finally {
    await runtime.close()
  }
} catch (error) {
  say(`\n${paint('red', error instanceof Error ? error.message : String(error))}`)
  process.exitCode = 1
}

async function main(folder: string, runtime: Runtime): Promise<void> {
  const [version] = execFileSync('crun', ['--version'], { encoding: 'utf8' }).split('\n')
  say(`${paint('bold', 'Slipway')} under a container runtime: ${version}.`)
  say(paint('dim', 'In a network and a mount namespace that go away with this process.'))
  const before = await count()

  const root = join(folder, 'root')
  const run = async (id: string, sandbox: Sandbox, files: SandboxFiles, script: string) => {
    const config = containerConfig({ root, netns: sandbox.path, files, args: ['sh', '-c', script] })
    const bundle = makeBundle(join(folder, id), config)
    await timed(`crun run --bundle ${bundle} ${id}`, () => runtime.run(id, bundle))
  }

  heading('A network and two sandboxes', 'the network of a container is there before the container')
  const slipway = await step('Slipway.open()', () => Slipway.open())
  const shop = await step("networks.create({ name: 'shop', subnets: [{ subnet }] })", () =>
    slipway.networks.create({ name: 'shop', subnets: [{ subnet: SUBNET }] }),
  )
  const web = await step("sandboxes.create({ name: 'web', network: 'shop', publish })", () =>
    slipway.sandboxes.create({ name: 'web', hostname: 'web', network: 'shop', publish: ['8080:80'] }),
  )
  const client = await step("sandboxes.create({ name: 'client', network: 'shop' })", () =>
    slipway.sandboxes.create({ name: 'client', hostname: 'client', network: 'shop' }),
  )
  const files = { web: await web.files(), client: await client.files() }

  heading('What crun is told', "all of web's config.json that has to do with the network")
  say(indent(printNetworkPart(networkPart({ netns: web.path, files: files.web }))))

  heading('A container in each', `on one root: busybox, and ${makeRoot(root).length} links to it`)
  await run('web', web, files.web, SERVE)
  await run('client', client, files.client, IDLE)

  heading('What the container client sees', 'busybox, by crun exec')
  const show = showsIn(runtime, 'client')
  await show('ip addr show eth0')
  await show('hostname')
  await show('cat /etc/resolv.conf')
  await show(`wget -q -O - http://web${PAGE}`, `   ${paint('dim', '← the page says who asked for it')}`)

  heading('The published port', 'the page again, from outside')
  makeNeighbourhood(SUBNET)
  await curl('this host', [], `http://127.0.0.1:8080${PAGE}`)
  await curl('the other host', ['ip', 'netns', 'exec', NEIGHBOUR], `http://${HOST_ADDRESS}:8080${PAGE}`)

  heading('A second container in the sandbox web', 'as in a pod: the same interfaces, and processes of its own')
  await run('sidecar', web, files.web, IDLE)
  await showsIn(runtime, 'sidecar')(`wget -q -O - http://127.0.0.1${PAGE}`)

  heading('And down again', 'containers first, then their sandboxes')
  for (const id of ['sidecar', 'client', 'web']) await timed(`crun kill ${id} KILL`, () => runtime.remove(id))
  for (const sandbox of [client, web]) await timed(`${sandbox.name}.remove()`, () => sandbox.remove())
  await timed('shop.remove()', () => shop.remove())
  await slipway.close({ wait: true })
  await removeRuleset()
  removeNeighbourhood()
  await untilTakenDown()
  const [after, containers] = [await count(), await runtime.list()]
  const left = Object.keys(before).filter((what) => before[what] !== after[what])
  if (left.length + containers.length > 0) throw new Error(`Something is left: ${[...left, ...containers].join(', ')}.`)
  say(`\n  ${paint('green', 'Nothing is left')}: ${Object.keys(before).join(', ')} as before, no container.`)
}

/** A line for each mount and namespace. */
function printNetworkPart({ hostname, mounts, namespaces }: ReturnType<typeof networkPart>): string {
  const list = (items: readonly object[]) => items.map((item) => `\n  ${JSON.stringify(item)}`).join(',')
  return `"hostname": "${hostname}",\n"mounts": [${list(mounts)}\n],\n"linux": { "namespaces": [${list(namespaces)}\n] }`
}

/** Runs a command in a container and prints what it says. */
function showsIn(runtime: Runtime, id: string) {
  return async (command: string, remark = ''): Promise<void> => {
    const { status, stdout, stderr } = await runtime.exec(id, ...command.split(' '))
    if (status !== 0) throw new Error(`${command} in the container ${id} ended with status ${status}: ${stderr}`)
    say(`  ${paint('cyan', `$ ${command}`)}\n${indent(stdout.trimEnd())}${remark}`)
  }
}

async function curl(from: string, before: string[], url: string): Promise<void> {
  const [program = '', ...args] = [...before, 'curl', '--silent', '--fail', '--max-time', '5', url]
  const { stdout } = await promisify(execFile)(program, args)
  say(`  from ${from.padEnd(15)} ${paint('cyan', `curl ${url}`)}   ${stdout}`)
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  say(`  ${paint('cyan', what.padEnd(62))}${paint('bold', microseconds((performance.now() - began) * 1000))}`)
}
