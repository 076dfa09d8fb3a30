import { hasLabel } from '../../../base/filters.js'
import { badRequest, HttpError } from '../../http/http-error.js'
import { pattern } from '../pattern.js'
import type { Container } from './container.js'
import { portsOf } from './shown.js'

type Filters = ReadonlyMap<string, readonly string[]>
type Test = (container: Container) => boolean

/** Docker has them, and they are about what a sandbox has not. */
const NOT_HERE = ['ancestor', 'health', 'isolation', 'is-task', 'volume'] as const
const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']

/** A test for each filter that compares what a container is. @param values - At least one. */
const TESTS = {
  // What a sandbox is ends without a status of its own.
  exited: (values) => {
    for (const value of values) if (!/^-?\d+$/.test(value)) throw wrong('exited', value, 'a whole number')
    return ({ state }) => state === 'exited' && values.some((value) => Number(value) === 0)
  },
  expose: byPort((port) => port.PrivatePort),
  id: (values) => any(values, ({ id }) => [id]),
  label: (values) => (container) => values.every((value) => hasLabel(container.labels, value)),
  name: (values) => any(values, ({ name }) => [name, `/${name}`]),
  network: (values) => (container) => values.some((value) => isOn(container, value)),
  publish: byPort((port) => port.PublicPort),
  status: (values) => {
    for (const value of values) if (!STATES.includes(value)) throw wrong('status', value, `one of ${STATES.join(', ')}`)
    return ({ state }) => values.includes(state)
  },
} satisfies Record<string, (values: readonly string[]) => Test>

export const LIST_FILTERS: readonly string[] = [...Object.keys(TESTS), 'before', 'since', ...NOT_HERE].sort()

/** @throws {HttpError} 501 */
export function checkFilters(filters: Filters): void {
  const other = NOT_HERE.find((key) => filters.has(key))
  if (other !== undefined)
    throw new HttpError(501, `filter ${other}: a sandbox is a network stack, and has no image, volume or health.`)
}

/** Whether it asks for those, too, that do not run. */
export const isAboutStopped = (filters: Filters): boolean => filters.has('status') || filters.has('exited')

/**
 * @param find - The container that a filter names.
 * @throws {HttpError} 400; 404
 */
export async function readListFilters(filters: Filters, find: (name: string) => Promise<Container>): Promise<Test> {
  const tests = Object.entries(TESTS).flatMap(([key, test]): Test[] => {
    const values = filters.get(key) ?? []
    return values.length === 0 ? [] : [test(values)]
  })
  for (const name of filters.get('before') ?? []) {
    const { created } = await find(name)
    tests.push((one) => Date.parse(one.created) < Date.parse(created))
  }
  for (const name of filters.get('since') ?? []) {
    const { created } = await find(name)
    tests.push((one) => Date.parse(one.created) > Date.parse(created))
  }
  return (container) => tests.every((test) => test(container))
}

function any(values: readonly string[], of: (container: Container) => readonly string[]): Test {
  const tests = values.map(pattern)
  return (container) => tests.some((test) => of(container).some((text) => test(text)))
}

const isOn = ({ settings: { Networks } }: Container, wanted: string): boolean =>
  Object.entries(Networks).some(([name, { NetworkID }]) => name === wanted || NetworkID === wanted)

/** `80`, `80/tcp`, `8000-8010/udp` */
function byPort(of: (port: ReturnType<typeof portsOf>[number]) => number | undefined) {
  return (values: readonly string[]): Test => {
    const wanted = values.map((value) => {
      const [, first, last, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value) ?? []
      if (first === undefined)
        throw badRequest(`invalid filter: a port is written 80, 80/tcp or 8000-8010/udp, not ${JSON.stringify(value)}`)
      return { first: Number(first), last: Number(last ?? first), protocol }
    })
    return (container) =>
      portsOf(container).some((port) => {
        const number = of(port)
        return (
          number !== undefined &&
          wanted.some(({ first, last, protocol }) => protocol === port.Type && first <= number && number <= last)
        )
      })
  }
}

const wrong = (key: string, value: string, what: string) =>
  badRequest(`invalid filter '${key}=${value}': it must be ${what}`)
