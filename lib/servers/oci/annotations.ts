import { readCreateOptions, type CreateOptions } from '../../api/sandboxes/create-options.js'
import { invalid, show } from '../../base/errors.js'
import { nearest } from '../../base/nearest.js'

/** What the annotations of a container ask for. */
export interface Asked {
  /** Of its sandbox, on the first of its networks. */
  options: CreateOptions
  /** The networks that it joins after that. */
  more: readonly string[]
}

const PREFIX = 'slipway.'
const NETWORK = `${PREFIX}network`

const list = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** What each annotation means: the names are those of the flags of `slipway create`. */
const MEANINGS: Readonly<Record<string, (text: string, name: string) => CreateOptions>> = {
  [NETWORK]: (text) => ({ network: list(text)[0] ?? '' }),
  'slipway.name': (name) => ({ name }),
  'slipway.publish': (text) => ({ publish: list(text) }),
  'slipway.ip': (ip) => ({ ip }),
  'slipway.ip6': (ip6) => ({ ip6 }),
  'slipway.mac-address': (mac) => ({ mac }),
  'slipway.network-alias': (text) => ({ aliases: list(text) }),
  'slipway.interface': (name) => ({ interface: name }),
  'slipway.gw-priority': (text, name) => ({ gwPriority: wholeNumber(text, name) }),
  'slipway.label': (text, name) => ({ labels: Object.fromEntries(list(text).map((one) => pair(one, name))) }),
  'slipway.forwarding': (text, name) => ({ forwarding: flag(text, name) }),
}

/**
 * Those that are Slipway's; of others, nothing is meant.
 *
 * @returns Nothing where {@link NETWORK} is not there: this container is none of Slipway's.
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function readAnnotations(annotations: Readonly<Record<string, string>>): Asked | undefined {
  const own = Object.entries(annotations).filter(([name]) => name.startsWith(PREFIX))
  const unknown = own.find(([name]) => !Object.hasOwn(MEANINGS, name))
  if (unknown) throw invalid(unknownAnnotation(unknown[0]))
  const { [NETWORK]: network } = annotations
  if (network === undefined) {
    if (own[0]) throw invalid(`The annotation ${own[0][0]} says nothing without ${NETWORK}, as in "bridge".`)
    return undefined
  }
  const [first, ...more] = list(network)
  if (first === undefined)
    throw invalid(`The annotation ${NETWORK} must name networks, as in "web" or "web,db", and is ${show(network)}.`)
  for (const name of [first, ...more]) refuseShared(name)
  const options: CreateOptions = Object.assign({}, ...own.map(([name, text]) => MEANINGS[name]?.(text, name)))
  readCreateOptions(options)
  return { options, more }
}

/** The runtime has made a namespace, or has been given one. */
function refuseShared(network: string): void {
  if (network === 'host' || network.startsWith('container:'))
    throw invalid(
      `The annotation ${NETWORK} is ${show(network)}, and the container has a network namespace already. Let its config.json name that of the ${network === 'host' ? 'host' : 'other container'}, and leave the annotation out.`,
    )
}

function unknownAnnotation(name: string): string {
  const near = nearest(name, Object.keys(MEANINGS))
  return `There is no annotation ${show(name)}${near === undefined ? '' : `; did you mean ${near}?`} There are ${Object.keys(MEANINGS).join(', ')}.`
}

function wholeNumber(text: string, name: string): number {
  if (/^-?\d{1,10}$/.test(text)) return Number(text)
  throw invalid(`The annotation ${name} must be a whole number, and is ${show(text)}.`)
}

function flag(text: string, name: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw invalid(`The annotation ${name} must be "true" or "false", and is ${show(text)}.`)
}

function pair(text: string, name: string): [string, string] {
  const [key = '', ...value] = text.split('=')
  if (key === '') throw invalid(`The annotation ${name} must be key=value, and is ${show(text)}.`)
  return [key, value.join('=')]
}
