import type { ExecutionContext } from 'ava'
import { SlipwayError, type CreateOptions, type OpenOptions, type Slipway, type SlipwayErrorCode } from '#lib/index.js'
import { runChild, type How } from '../env/run-child.js'
import { elements, isAsBefore, settled } from './snapshot.js'
import { eventually, ipJson, World } from './world.js'

/** A call that is to be refused, the code of its error, and what this has to say. */
export type Case = [work: () => Promise<unknown>, code: SlipwayErrorCode, ...words: (string | RegExp)[]]

/** Asserts the error of each, that it says these words and not too many, and that all is as it was before. */
export async function refuses(t: ExecutionContext, world: World, ...cases: Case[]): Promise<void> {
  const before = await settled(world)
  for (const [index, [work, code, ...words]] of cases.entries()) {
    const error = await t.throwsAsync(
      work,
      { instanceOf: SlipwayError, code },
      `case ${index} (${words.join(', ')}): ${work}`,
    )
    const message = error?.message ?? ''
    for (const word of words)
      t.true(
        typeof word === 'string' ? message.includes(word) : word.test(message),
        `case ${index}: "${message}" does not say ${word}`,
      )
    t.true(message.length < 900, `${message.length} characters`)
    t.notRegex(message, /undefined|\[object|[\0-\x09\x0b-\x1f]/)
  }
  await isAsBefore(t, world, before)
}

/** A host that is in use already: bridge, ruleset and every kind of socket are there. */
export async function inUse(
  t: ExecutionContext,
  options: OpenOptions = {},
): Promise<{ world: World; slipway: Slipway; create: (options: CreateOptions) => () => Promise<unknown> }> {
  const world = new World(t)
  const slipway = await world.open(options)
  await (await world.create(slipway, 'first', { publish: ['8080:80/udp'] })).remove()
  await nothingIsLeft(world)
  return { world, slipway, create: (options) => () => slipway.sandboxes.create(options) }
}

/** Behind our back the kernel takes links down, and addresses are given up once nothing leads there. */
export const nothingIsLeft = (world: World) =>
  eventually(
    () =>
      ipJson(world.host, 'link', 'show', 'master', 'docker0').length === 0 &&
      ['addresses4', 'addresses6'].every((set) => elements(world.host, set).length === 0),
  )

// What another language or a careless cast might pass for a text.
export const NO_TEXTS = [
  0,
  1,
  10n,
  true,
  null,
  {},
  [],
  ['a'],
  Symbol('a'),
  () => 'a',
  new Date(0),
  Object.create(null),
] as never[]
export const UGLY_TEXTS = [
  '',
  ' ',
  'a b',
  'a\0b',
  'a\nb',
  'a\x1fb',
  'a\x7fb',
  'a"b',
  "a'b",
  'a`b',
  'a;b',
  'a$b',
  'a\\b',
  'a/b',
  '../a',
  'ä',
  'x'.repeat(1_000_000),
]

interface Attempt extends How {
  open?: OpenOptions
  create?: CreateOptions[]
}

/** Another process that opens the host and creates. @returns what it said. */
export async function attempt(
  t: ExecutionContext,
  world: World,
  { open, create, ...how }: Attempt,
): Promise<{ code?: SlipwayErrorCode; message?: string }[]> {
  const options = {
    open: { netns: world.host.path, stateDir: world.stateDir, ...open },
    prefix: world.prefix,
    ...(create ? { create } : {}),
  }
  const { code, said, stderr } = await runChild('attempt', options, how)
  t.is(code, 0, stderr)
  return said as { code?: SlipwayErrorCode; message?: string }[]
}

/** A host that is in use already, and what creates networks on it. */
export async function withNetworks(...args: Parameters<typeof inUse>) {
  const { world, slipway, create } = await inUse(...args)
  const network = (options: object) => () => slipway.networks.create({ name: 'web', ...options })
  const subnet = (request: unknown, rest: object = {}) => network({ subnets: [request], ...rest })
  const option = (name: string, value: unknown, rest: object = {}) => network({ options: { [name]: value }, ...rest })
  return { world, slipway, create, network, subnet, option }
}
