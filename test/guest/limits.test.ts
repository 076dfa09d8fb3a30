import { readFileSync, writeFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { SlipwayEvent } from '#lib/index.js'
import { howItEnded, runChild, WELL } from '../env/run-child.js'
import { slipway as command } from '../helpers/command.js'
import { Conversation, serveEcho } from '../helpers/conversation.js'
import { OF_ITS_OWN } from '../helpers/own-namespaces.js'
import { eventually, execIn, HOST_ADDRESS, World, type Place } from '../helpers/world.js'

/** Limits of a whole machine, which the guest may reach. */

/** Sets one until the test ends. */
function limit(t: ExecutionContext, name: string, value: number): void {
  const path = `/proc/sys/${name.replaceAll('.', '/')}`
  const before = readFileSync(path, 'utf8')
  t.teardown(() => writeFileSync(path, before))
  writeFileSync(path, String(value))
}

/** Connections of others, none of which the kernel gives up for another. @returns how many there was room for. */
function fillConntrack({ name, path }: Place): number {
  const script = `n=0
  while conntrack -I -p tcp -s 10.99.0.1 -d 10.99.0.2 --sport $((1000 + n)) --dport 80 --state ESTABLISHED \\
    -u ASSURED,SEEN_REPLY -t 3600 >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 1000 ] || exit 1; done
  echo $n`
  return Number(execIn({ name, path }, 'sh', '-c', script))
}

test.serial('conntrack is full: all calls are done, what begins is dropped, and doctor and events tell', async (t) => {
  const world = new World(t)
  const { host, neighbour } = world
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  serveEcho(t, app, 80)
  t.true(await new Conversation(t, neighbour, `${HOST_ADDRESS}:8080`).says('before'))
  limit(t, 'net.netfilter.nf_conntrack_max', 40)
  t.true(fillConntrack(host) > 0)

  const told: SlipwayEvent[] = []
  const listening = new AbortController()
  t.teardown(() => listening.abort())
  void (async () => {
    for await (const event of slipway.events({ action: 'warning', signal: listening.signal })) told.push(event)
  })().catch(() => undefined)
  t.true(
    await eventually(() =>
      told.some(({ attributes }) =>
        /^conntrack follows \d+ connections of at most 40:/.test(attributes['message'] ?? ''),
      ),
    ),
    JSON.stringify(told),
  )
  const { stdout } = await command(world, 'doctor', '--json')
  const finding = (JSON.parse(stdout) as { check: string; status: string; finding: string; advice?: string }[]).find(
    ({ check }) => check === 'conntrack',
  )
  t.like(finding, { status: 'problem', advice: 'sysctl -w net.netfilter.nf_conntrack_max=80' })

  await slipway.networks.create({ name: 'web' })
  const other = await world.create(slipway, 'other', { publish: ['8081:81', '5353:53/udp'] })
  await other.connect('web')
  await other.publish('8082:82')
  await other.unpublish('8081:81')
  await other.disconnect('web')
  await other.remove()
  await (await slipway.networks.get('web')).remove()
  const again = await world.open()
  t.like(again.reconciled, { healed: [], collected: [] })
  t.true(fillConntrack(host) >= 0)
  execIn(neighbour, 'sh', '-c', `! timeout 1 socat - TCP:${HOST_ADDRESS}:8080 </dev/null`)

  execIn(host, 'conntrack', '-F')
  t.true(await new Conversation(t, neighbour, `${HOST_ADDRESS}:8080`).says('after'))
})

test.serial('no more open files on the machine: calls say so, and nothing is lost', async (t) => {
  const [open = 0] = readFileSync('/proc/sys/fs/file-nr', 'utf8').split('\t').map(Number)
  // Who may administer the machine may open more.
  limit(t, 'fs.file-max', open + 300)
  const ended = await runChild('short', { open: {}, prefix: 't' }, { under: OF_ITS_OWN })
  t.like(howItEnded(ended), WELL)
  const [refused, left] = ended.said as [Record<string, { code: string; message: string }>, string[]]
  t.deepEqual(left, ['t-a'])
  for (const [call, { code, message }] of Object.entries(refused))
    t.regex(`${code}: ${message}`, /^KERNEL: The processes of this host have as many files open.*\(ENFILE/, call)
  for (const call of ['create', 'connect', 'open']) t.truthy(refused[call], call)
})
