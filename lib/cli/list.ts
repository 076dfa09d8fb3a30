import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { ago, describe, portsColumn } from './describe.js'
import { UsageError } from './failures.js'
import { sandboxFilters } from './filters.js'
import { print, printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

const HEAD = ['NAME', 'ID', 'NETWORK', 'ADDRESS', 'PORTS', 'CREATED']

/** What stands above each field of --format in a table. */
const HEADS = {
  ID: 'ID',
  Name: 'NAME',
  Names: 'NAMES',
  Network: 'NETWORK',
  Networks: 'NETWORKS',
  Address: 'ADDRESS',
  Ports: 'PORTS',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  State: 'STATE',
  Status: 'STATUS',
  Path: 'PATH',
  Labels: 'LABELS',
  Label: (key: string) => key,
}

type Row = Record<Exclude<keyof typeof HEADS, 'Label'>, string> & { Label: (key: string) => string }

export interface ListFlags {
  all?: true
  filter?: string[]
  format?: string
  quiet?: true
  trunc: boolean
  json?: true
}

/** `slipway ls`. */
export async function list(host: GivenHost, flags: ListFlags): Promise<void> {
  const { filter = [], quiet, trunc, json } = flags
  const filters = sandboxFilters(filter)
  const format = await readListFormat(flags, HEADS)
  const sandboxes = await withSlipway(host, (slipway) => slipway.sandboxes.list(filters))
  const id = (full: string) => (trunc ? full.slice(0, 12) : full)
  if (json) return printJson(sandboxes.map(describe))
  if (quiet) return print(sandboxes.map((sandbox) => id(sandbox.id)).join('\n'))
  const rows = sandboxes.map((sandbox) => rowOf(sandbox, id(sandbox.id), trunc))
  if (format) return print(format(rows))
  printColumns(
    HEAD,
    rows.map(({ Name, ID, Network, Address, Ports, RunningFor }) => [Name, ID, Network, Address, Ports, RunningFor]),
  )
}

/** Those it is on; without any, how it comes to its network. */
const networks = ({ endpoints, network }: Sandbox, trunc: boolean): string[] => {
  const on = endpoints.map((endpoint) => endpoint.network)
  return on.length > 0 ? on : [trunc ? network.replace(/^(container:.{12}).*/, '$1') : network]
}

function rowOf(sandbox: Sandbox, id: string, trunc: boolean): Row {
  const { name, labels, created, path } = sandbox
  const on = networks(sandbox, trunc)
  return {
    ID: id,
    Name: name,
    Names: name,
    Network: on.join(', '),
    Networks: on.join(','),
    Address: sandbox.endpoints.flatMap(({ addresses }) => addresses).join(', '),
    Ports: portsColumn(sandbox.ports),
    CreatedAt: created.replace('T', ' ').replace(/\.\d+Z$/, ' +0000 UTC'),
    RunningFor: ago(created),
    State: 'running',
    Status: `Up ${ago(created).replace(/ ago$/, '')}`,
    Path: path,
    Labels: printLabels(labels),
    Label: (key) => (Object.hasOwn(labels, key) ? (labels[key] ?? '') : ''),
  }
}

export const printLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

/**
 * What --format asks for, of a list. It is read before the host is looked at.
 *
 * @throws {UsageError}
 */
export async function readListFormat<Row extends object>(
  { format, json, quiet }: Pick<ListFlags, 'format' | 'json' | 'quiet'>,
  heads: Readonly<Record<keyof Row & string, unknown>>,
): Promise<((rows: readonly Row[]) => string) | undefined> {
  if (format === undefined) return undefined
  if (json || quiet)
    throw new UsageError(`--format and ${json ? '--json' : '--quiet'} are two forms of a list. Give one.`)
  const { readFormat } = await import('./format/format.js')
  return readFormat<Row>(format, heads).list
}
