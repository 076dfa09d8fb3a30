import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import test, { type ExecutionContext } from 'ava'
import { Host, type PlanMessage } from '#lib/kernel/host.js'
import type { Questions } from '#lib/kernel/native.js'
import { eventually, execIn, World } from '../helpers/world.js'

/**
 * What becomes of a ruleset that others have changed, beside what test/kernel/damage.test.ts looks at: what is theirs
 * in it stays, what it has counted stays, and nothing is written again and again.
 */

interface Scene {
  world: World
  nft(...lines: string[]): void
  list(...what: string[]): string[]
  handleOf(chain: string, comment: string): string
}

const LAST = 'nothing else gets into a network'

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'one', { publish: ['8080:80'] })
  await slipway.close()
  const list = (...what: string[]) =>
    execIn(world.host, 'nft', '-a', 'list', ...what)
      .split('\n')
      .map((line) => line.trim())
  return {
    world,
    nft: (...lines) => execIn(world.host, 'nft', lines.join('; ')),
    list,
    handleOf: (chain, comment) =>
      list('chain', 'inet', 'slipway', chain)
        .find((line) => line.includes(`comment "${comment}"`))
        ?.split(' handle ')[1] ?? '',
  }
}

/** Transactions of this process that write rules, chains, sets or tables. */
function countWrites(t: ExecutionContext): () => number {
  let count = 0
  const hear = (message: unknown) => {
    if ((message as PlanMessage).plan.some(({ op }) => /^(table|chain|rule|set)\./.test(op))) count++
  }
  subscribe('slipway:plan', hear)
  t.teardown(() => unsubscribe('slipway:plan', hear))
  return () => count
}

const withoutHandles = (lines: string[]) => lines.map((line) => line.replace(/ # handle \d+$/, ''))

test.serial(
  'rules of others stay between ours, and what rules have counted, when one of ours is put right',
  async (t) => {
    const { world, nft, list, handleOf } = await setUp(t)
    nft(
      `replace rule inet slipway into handle ${handleOf('into', LAST)} counter packets 7 bytes 420 drop comment "${LAST}"`,
      'insert rule inet slipway into ip saddr { 203.0.113.7, 203.0.113.9 } counter packets 3 bytes 180 accept comment "mine"',
      `add rule inet slipway into position ${handleOf('into', 'a published port')} tcp dport { 22, 80 } accept`,
    )
    const before = withoutHandles(list('chain', 'inet', 'slipway', 'into'))
    const writes = countWrites(t)
    await (await world.open()).close()
    t.is(writes(), 0, 'these are no damage')
    nft(
      `replace rule inet slipway into handle ${handleOf('into', 'nothing gets into an internal network')} accept comment "nothing gets into an internal network"`,
    )
    const { reconciled } = await world.open()
    t.true(reconciled.healed.length > 0)
    t.is(writes(), 1)
    t.deepEqual(withoutHandles(list('chain', 'inet', 'slipway', 'into')), before)
  },
)

test.serial('chains that nobody has changed are not written again', async (t) => {
  const { world, nft, handleOf } = await setUp(t)
  const handle = handleOf('forward', 'your rules')
  nft('flush chain inet slipway into')
  await world.open()
  t.is(handleOf('forward', 'your rules'), handle)
  t.not(handleOf('into', LAST), '')
})

test.serial('a set that is made anew has its elements and what they have counted', async (t) => {
  const { world, nft, list } = await setUp(t)
  const before = list('map', 'inet', 'slipway', 'published4').find((line) => line.includes('8080'))
  const [element = ''] = /tcp \. 8080.*?(?= \}| # )/.exec(before ?? '') ?? []
  nft(
    'delete element inet slipway published4 { tcp . 8080 }',
    `add element inet slipway published4 { ${element.replace(/counter( packets \d+ bytes \d+)?/, 'counter packets 7 bytes 420')} }`,
    'add element inet slipway published4 { tcp . 9 : 192.0.2.9 . 9 comment "mine" }'.replace(' comment "mine"', ''),
  )
  const elements = () => {
    const lines = list('map', 'inet', 'slipway', 'published4')
    return withoutHandles(lines.slice(lines.findIndex((line) => line.startsWith('elements'))))
  }
  const held = elements()
  t.regex(held.join('\n'), /packets 7 bytes 420/)
  const table = execIn(world.host, 'nft', 'list', 'table', 'inet', 'slipway')
  nft(`delete table inet slipway; ${table.replace('map published4 {', 'map published4 {\nsize 4')}`)
  t.regex(list('map', 'inet', 'slipway', 'published4').join('\n'), /size 4/)
  const { reconciled } = await world.open()
  t.true(reconciled.healed.length > 0)
  t.notRegex(list('map', 'inet', 'slipway', 'published4').join('\n'), /size 4/)
  t.deepEqual(elements().sort(), held.sort())
})

test.serial('an element that holds for some packets only is made anew', async (t) => {
  const { world, nft, list } = await setUp(t)
  const before = list('set', 'inet', 'slipway', 'bridges')
  const [, comment = ''] = /comment "([^"]*)"( |$)/.exec(before.find((line) => line.startsWith('elements')) ?? '') ?? []
  // nft types none in a set without limits, and the kernel takes it.
  nft(
    'add set inet slipway bridgex { type ifname; limit rate 1/day; }',
    `add element inet slipway bridgex { "docker0" limit rate 1/day comment "${comment}" }`,
  )
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  const table = { family: 'inet', name: 'slipway' } as const
  const parts = await host.ask('parts', { ...table, kind: 'element', set: 'bridgex' })
  nft('delete set inet slipway bridgex', 'delete element inet slipway bridges { "docker0" }')
  const hex = (text: string) => Buffer.from(text).toString('hex')
  for (const { attributes } of parts)
    await host.run([
      {
        op: 'part.copy',
        family: 'inet',
        table: 'slipway',
        kind: 'element',
        name: 'bridges',
        attributes: attributes.replace(hex('bridgex'), hex('bridges')),
      },
    ])
  t.regex(list('set', 'inet', 'slipway', 'bridges').join(), /limit rate 1\/day/)
  const { reconciled } = await world.open()
  t.deepEqual(reconciled.lost, undefined)
  t.deepEqual(list('set', 'inet', 'slipway', 'bridges'), before)
})

test.serial('what rules of others refer to is told, and stays', async (t) => {
  const { world, nft, list } = await setUp(t)
  const table = execIn(world.host, 'nft', 'list', 'table', 'inet', 'slipway')
  nft(
    `delete table inet slipway; ${table.replace('set internal {', 'set internal {\nsize 4')}`,
    'add rule inet slipway user oifname @internal drop',
  )
  const slipway = await world.open()
  t.true(slipway.reconciled.healed.length >= 0)
  t.regex(list('set', 'inet', 'slipway', 'internal').join('\n'), /size 4/)
  await world.create(slipway, 'two')
})

test.serial('a process that is open puts all of it right with two transactions, the table last', async (t) => {
  const { world, nft, handleOf, list } = await setUp(t)
  await world.open({ heal: true })
  const before = list('table', 'inet', 'slipway').length
  const writes = countWrites(t)
  nft(
    'add table inet slipway { flags dormant; }',
    'chain inet slipway forward { policy drop; }',
    'insert rule inet slipway out_of accept comment "into a network"',
    `replace rule inet slipway into handle ${handleOf('into', LAST)} accept comment "${LAST}"`,
  )
  t.true(await eventually(() => writes() === 2))
  t.is(list('table', 'inet', 'slipway').length, before)
  t.false(list('table', 'inet', 'slipway').includes('flags dormant'))
})

test.serial('what was just written and is told otherwise is taken for right, with a warning', async (t) => {
  const world = new World(t)
  // There is no such kernel here.
  const { ask } = Host.prototype
  t.teardown(() => void (Host.prototype.ask = ask))
  Host.prototype.ask = async function (this: Host, name: keyof Questions, question: object, later?: boolean) {
    const answer = await ask.call(this, name, question as never, later)
    if (name !== 'fingerprints') return answer
    const { whole, parts } = answer as Questions['fingerprints']['answer']
    return {
      whole: whole + 1,
      parts: parts.map((one) => ({ ...one, number: one.number + (one.comment === LAST ? 1 : 0) })),
    }
  }
  const writes = countWrites(t)
  const slipway = await world.open({ heal: true })
  const heard: string[] = []
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  void (async () => {
    const events = slipway.events({ action: ['warning', 'damaged'], signal: controller.signal })
    for await (const { attributes } of events) heard.push(attributes['message'] ?? '')
  })().catch(() => undefined)
  await world.create(slipway, 'one', { publish: ['8081:80'] })
  await slipway.networks.create({ name: 'web' })
  t.is(writes(), 1)
  t.true(await eventually(() => heard.length > 0))
  t.regex(heard.join('\n'), /^Of Slipway's ruleset, the rules of chain inet into stays as it is/)

  // Another process writes it once more, and this one has nothing against that.
  const other = await world.open()
  t.is(writes(), 2)
  await world.create(other, 'two')
  await slipway.networks.create({ name: 'more' })
  t.is(writes(), 2)
  t.is(heard.length, 1)
})
