// Why: `npm start`. Slipway's main job on real input, told so that a newcomer understands it: a sandbox with a server,
// a published port, the page fetched from everywhere, hundreds more endpoints, and nothing left of it.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Slipway, type Sandbox } from 'slipway'
import { Host, sets } from '#internal'
import { crowd, CROWD } from './crowd.js'
import { fetchFromEverywhere, indent } from './fetches.js'
import { compare, count, removeBridgesAndRuleset, type Counts } from './leftovers.js'
import { untilTakenDown } from './floor.js'
import { makeNeighbourhood, removeNeighbourhood, requireThrowawayHost } from './neighbourhood.js'
import { picture } from './picture.js'
import { step } from './steps.js'
import { heading, paint, say } from './style.js'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SERVER = fileURLToPath(new URL('web-server.js', import.meta.url))

try {
  requireThrowawayHost('npm start')
  await main()
} catch (error) {
  say(`\n${paint('red', error instanceof Error ? error.message : String(error))}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  say(
    `${paint('bold', 'Slipway')}: Docker's container networking, made by this process. Linux ${release()}, Node.js ${process.versions.node}, ${availableParallelism()} CPUs.`,
  )
  say(
    paint(
      'dim',
      "All of it happens in a network namespace that goes away with this process; the machine's own network is not touched.",
    ),
  )
  const before = await count()

  heading('Two sandboxes', 'no ip, no nft, no sysctl: netlink messages from this process')
  const slipway = await step('Slipway.open()', () => Slipway.open())
  const web = await step("sandboxes.create({ name: 'web', publish: ['8080:80'] })", () =>
    slipway.sandboxes.create({ name: 'web', publish: ['8080:80'] }),
  )
  const client = await step("sandboxes.create({ name: 'client' })", () => slipway.sandboxes.create({ name: 'client' }))

  makeNeighbourhood('172.17.0.0/16')
  heading('What there is now', "the other host and its cable are made by ip, they are not Slipway's")
  say(picture(web, client))

  heading('Who gets the page', 'curl, from everywhere, to a node process in the sandbox web')
  const server = await startServer(web)
  await fetchFromEverywhere(web, client)
  say(
    paint(
      'dim',
      "  The client's address is kept, except where the answer would not find back: loopback, and within one network.",
    ),
  )
  await showWhatToolsSee()

  heading(`${CROWD} more, one after another`, 'each with a namespace, a veth, an address and a published port')
  let most: Counts = {}
  await crowd(slipway, async () => void (most = await count()))

  heading('And all of it removed', 'counted from outside')
  server.stop()
  await Promise.all([web.remove(), client.remove()])
  await slipway.close({ wait: true })
  await removeBridgesAndRuleset()
  removeNeighbourhood()
  await untilTakenDown()
  compare(before, most, await count())
}

/** A real process in a sandbox; resolves once it listens. */
async function startServer(web: Sandbox): Promise<{ stop(): void }> {
  const server = web.spawn(process.execPath, [SERVER], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = server
  if (!stdin || !stdout) throw new TypeError('a piped process has pipes')
  await Promise.race([
    once(stdout, 'data'),
    once(server, 'exit').then(([code]) => {
      throw new Error(`The server in the sandbox ended with ${String(code)} before it listened.`)
    }),
  ])
  return { stop: () => stdin.end() }
}

/** The same seen with other eyes: the command's table, and the element that is the published port. */
async function showWhatToolsSee(): Promise<void> {
  say(`\n  ${paint('cyan', '$ slipway ls')}`)
  say(indent(execFileSync(process.execPath, [COMMAND, 'ls'], { encoding: 'utf8' }).trimEnd()))
  say(
    `\n  ${paint('dim', 'All that a published port is, as')} ${paint('cyan', 'nft list map inet slipway published4')} ${paint('dim', 'would show it; it counts connections:')}`,
  )
  const host = new Host(undefined)
  for (const { key, data, packets, bytes, comment } of await host.ask('elements', sets.published[4])) {
    say(`  ${key} counter packets ${packets} bytes ${bytes} comment "${comment}" : ${data}`)
  }
  await host.close()
}
