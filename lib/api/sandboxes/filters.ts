import { callChecks, type CallOptions } from '../../base/call.js'
import { checkOptions, checks, type Check } from '../../base/checks.js'
import { hasLabel, listOf, pruneChecks, readUntil, textsCheck, type PruneFilters } from '../../base/filters.js'
import type { SandboxRecord } from '../../store/records.js'

/** Which sandboxes are meant; docker's `--filter`. A list means any of these. */
export interface SandboxFilters {
  /** Beginning of an id. */
  id?: string | readonly string[]
  /** Part of a name. */
  name?: string | readonly string[]
  /** `key` or `key=value`, with `!` before it those without; of a list, all of them. */
  label?: string | readonly string[]
  /** A network that they are on: its name, its id, or the beginning of that; `host` and `none`, too. */
  network?: string | readonly string[]
  /** Those that go with their maker; false: those that stay. */
  ephemeral?: boolean
}

const CHECKS: Record<keyof SandboxFilters | keyof CallOptions, Check> = {
  id: textsCheck,
  name: textsCheck,
  label: textsCheck,
  network: textsCheck,
  ephemeral: checks.flag,
  ...callChecks,
}

type Matches = (record: SandboxRecord) => boolean

/**
 * @param named - Gives the name of a network that every host has for its id.
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function readFilters(filters: SandboxFilters, named: (network: string) => string): Matches {
  checkOptions('sandboxes.list', filters, CHECKS)
  const { id, name, label, network, ephemeral } = filters
  const all: Matches[] = []
  const any = (values: string | readonly string[], test: (record: SandboxRecord, value: string) => boolean) =>
    all.push((record) => listOf(values).some((value) => test(record, value)))
  if (id !== undefined) any(id, (record, value) => record.id.startsWith(value))
  if (name !== undefined) any(name, (record, value) => record.name.includes(value))
  if (network !== undefined) any(network, (record, value) => isOn(record, named(value)))
  if (label !== undefined) all.push(({ labels = {} }) => listOf(label).every((value) => hasLabel(labels, value)))
  if (ephemeral !== undefined) all.push((record) => (record.ephemeral !== undefined) === ephemeral)
  return (record) => all.every((test) => test(record))
}

/** What has no endpoint is on the network that it was created with: `host`, `none` or another sandbox's. */
const isOn = ({ endpoints, network }: SandboxRecord, wanted: string): boolean =>
  endpoints.length === 0
    ? network === wanted
    : endpoints.some(
        (endpoint) =>
          endpoint.network === wanted || (/^[0-9a-f]+$/.test(wanted) && endpoint.networkId.startsWith(wanted)),
      )

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readPruneFilters(filters: PruneFilters): Matches {
  checkOptions('sandboxes.prune', filters, { ...pruneChecks, ...callChecks })
  const { label, until } = filters
  const before = until === undefined ? Infinity : readUntil('sandboxes.prune', until)
  return ({ created, labels = {} }) =>
    Date.parse(created) < before && (label === undefined || listOf(label).every((value) => hasLabel(labels, value)))
}
