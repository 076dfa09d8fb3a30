import { stackNamed } from '../../drivers/index.js'
import type { CreateRequest } from '../../work/create-request.js'
import { callChecks, type CallOptions } from '../../base/call.js'
import { invalid, show } from '../../base/errors.js'
import { labelsCheck, type Labels } from '../../base/labels.js'
import { nameChecks, type NameOptions } from '../../base/name-options.js'
import { checkOptions, checks, isOptions, type Check } from '../../base/checks.js'
import type { PortRequest } from '../../base/port-mapping.js'
import { endpointChecks, readEndpoint, type EndpointOptions } from './endpoint-options.js'
import { nameCheck } from '../../base/name.js'
import { readRequests } from '../../work/publish.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'

/** Options of `sandboxes.create`. Names are those of `docker run`'s flags. */
export interface CreateOptions extends EndpointOptions, NameOptions, CallOptions {
  /** Letters, digits, `_`, `.` and `-`, at most 100. Default: the first twelve digits of the id. */
  name?: string
  /**
   * `bridge`, `host`, `none`, `container:` and the name or id of a sandbox, or a network's name or id. Default:
   * `bridge`.
   */
  network?: string
  /**
   * Path of a network namespace that somebody else has made: it is joined to the network, and never removed. Default:
   * one of its own.
   */
  netns?: string
  /**
   * Ports to publish, in the grammar of `docker run -p` or as objects: `'8080:80'`, `'127.0.0.1:8080:80/tcp'`, `'80'`
   * for a free host port, `'8000-8010:80'` for a free one of these, `'9000-9010:90-100/udp'` one to one.
   */
  publish?: readonly (string | PortRequest)[]
  /** Texts by name, which are kept with it: {@link Sandboxes.list} finds it by them. */
  labels?: Labels
  /**
   * It goes when this process has ended, however it did, also when it was killed: the next `Slipway.open()` of anybody
   * removes it, and so does any process that has the host open, within seconds. {@link Sandbox.keep} makes it stay.
   * Where processes of several pid namespaces share a host, those of the same namespace as its maker remove it, and
   * those of the first. Default: false.
   */
  ephemeral?: boolean
  /**
   * It is a router: its kernel passes on between the networks that it is on, and it may send there what comes from the
   * others, which no sandbox may otherwise. The other sandboxes of each network get routes through it to the others.
   * Default: false.
   */
  forwarding?: boolean
}

const CHECKS: Record<keyof CreateOptions, Check> = {
  name: nameCheck,
  network: checks.text,
  netns: checks.path,
  publish: (value) => (Array.isArray(value) ? undefined : "a list, as in ['8080:80']"),
  labels: labelsCheck,
  ephemeral: checks.flag,
  forwarding: checks.flag,
  ...endpointChecks,
  ...nameChecks,
  ...callChecks,
}

/** The options as they are now, lists too. What is no object is left for {@link readCreateOptions} to refuse. */
export function copyOptions(options: CreateOptions): CreateOptions {
  if (!isOptions(options)) return options
  const copy = { ...options }
  for (const name in copy) {
    const list = copy[name as keyof CreateOptions]
    if (Array.isArray(list)) copy[name as keyof CreateOptions] = list.map(copyItem) as never
    else if (name === 'labels') copy[name] = copyItem(list) as Labels
  }
  return copy
}

const copyItem = (item: unknown): unknown => (typeof item === 'object' && isOptions(item) ? { ...item } : item)

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readCreateOptions(options: CreateOptions): CreateRequest {
  checkOptions('sandboxes.create', options, CHECKS)
  const { network = DEFAULT_NETWORK, name, netns } = options
  const named = stackNamed(network)
  if (!named) checkNetworkName(network)
  const publish = options.publish ? readRequests(options.publish) : []
  if (named) {
    const { options: refused, why, instead } = named.driver.refuses
    for (const option of refused) {
      const given = options[option as keyof CreateOptions]
      if (given !== undefined && !(Array.isArray(given) && given.length === 0)) {
        throw invalid(`${option} does not go with network "${network}": ${why}. Leave ${option} out, or ${instead}.`)
      }
    }
  }
  if (named && options.forwarding)
    throw invalid(
      `forwarding does not go with network "${network}": a router passes on between networks that it is on. Leave forwarding out, or use a network that it can be connected to.`,
    )
  const target = named?.target ?? network
  const stack = named?.driver.stack ?? 'own'
  return {
    name,
    stack,
    joinsNetwork: named === undefined,
    target,
    netns,
    publish,
    endpoint: readEndpoint(options, target),
    names: namesOf(options),
    labels: options.labels && Object.keys(options.labels).length > 0 ? { ...options.labels } : undefined,
    ephemeral: options.ephemeral ?? false,
    forwarding: options.forwarding ?? false,
  }
}

function checkNetworkName(network: string): void {
  if (nameCheck(network) !== undefined)
    throw invalid(
      `network ${show(network)} is no network's name. There are bridge, host, none, container:NAME, and those that slipway.networks.create has made.`,
    )
}

const NAMES = Object.keys(nameChecks) as (keyof NameOptions)[]

/** What was said of its names. Lists are the caller's still. */
function namesOf(options: CreateOptions): NameOptions {
  const names: Record<string, unknown> = {}
  for (const name of NAMES) if (options[name] !== undefined) names[name] = structuredClone(options[name])
  return names
}
