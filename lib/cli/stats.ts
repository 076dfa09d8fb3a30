import type { SandboxStats } from '../api/sandboxes/stats.js'
import type { Slipway } from '../api/slipway.js'
import { SlipwayError } from '../base/errors.js'
import { printContainer, printHost } from '../base/port-mapping.js'
import { findSandbox } from './find.js'
import { readListFormat } from './list.js'
import { columns, print, printJson } from './output.js'
import type { GivenHost } from './usage/host-flags.js'
import { watch } from './watch.js'
import { withSlipway } from './with-slipway.js'

export interface StatsFlags {
  all?: true
  stream: boolean
  trunc: boolean
  format?: string
  json?: true
}

/** What stands above each field of --format in a table. */
const HEADS = {
  ID: 'ID',
  Name: 'NAME',
  NetIO: 'NET I/O',
  Packets: 'PACKETS',
  Dropped: 'DROPPED',
  Connections: 'CONNECTIONS',
}

type Row = Record<keyof typeof HEADS, string>

interface Counted {
  name: string
  id: string
  stats: SandboxStats
}

/** `slipway stats`: on a terminal again and again, as docker does. */
export async function stats(host: GivenHost, names: readonly string[], flags: StatsFlags): Promise<void> {
  const { stream, trunc, json } = flags
  const format = await readListFormat<Row>(flags, HEADS)
  const one = names.length === 1
  const text = (found: readonly Counted[]): string => {
    if (one && !format) return found.map((counted) => detail(counted.stats)).join('\n')
    const rows = found.map((counted) => rowOf(counted, trunc))
    return format ? format(rows) : table(rows)
  }
  await withSlipway(host, async (slipway, signal) => {
    const found = await count(slipway, names)
    if (json) printJson(one ? found[0]?.stats : found.map(({ stats: counted, ...rest }) => ({ ...rest, ...counted })))
    else if (stream && process.stdout.isTTY) await watch(async () => text(await count(slipway, names)), signal)
    else print(text(found))
  })
}

/** Of these, or of all that there are. */
async function count(slipway: Slipway, names: readonly string[]): Promise<Counted[]> {
  const sandboxes =
    names.length === 0
      ? await slipway.sandboxes.list()
      : await Promise.all(names.map((name) => findSandbox(slipway, name)))
  const counted = await Promise.all(
    sandboxes.map(async (sandbox): Promise<Counted[]> => {
      try {
        return [{ name: sandbox.name, id: sandbox.id, stats: await sandbox.stats() }]
      } catch (error) {
        // Of all that there were: it is removed meanwhile.
        if (names.length === 0 && error instanceof SlipwayError && error.code === 'NOT_FOUND') return []
        throw error
      }
    }),
  )
  return counted.flat()
}

function rowOf({ name, id, stats: { interfaces, ports } }: Counted, trunc: boolean): Row {
  const sum = (key: 'rxBytes' | 'txBytes' | 'rxPackets' | 'txPackets' | 'rxDropped' | 'txDropped') =>
    interfaces.reduce((before, one) => before + one[key], 0)
  return {
    ID: trunc ? id.slice(0, 12) : id,
    Name: name,
    NetIO: `${humanSize(sum('rxBytes'))} / ${humanSize(sum('txBytes'))}`,
    Packets: `${sum('rxPackets')} / ${sum('txPackets')}`,
    Dropped: `${sum('rxDropped')} / ${sum('txDropped')}`,
    Connections: String(ports.reduce((before, one) => before + one.connections, 0)),
  }
}

const table = (rows: readonly Row[]): string =>
  columns([HEADS, ...rows].map((row) => [row.Name, row.ID, row.NetIO, row.Packets, row.Dropped, row.Connections]))

function detail({ interfaces, ports }: SandboxStats): string {
  const links = columns([
    ['INTERFACE', 'NETWORK', 'RX BYTES', 'RX PACKETS', 'RX DROPPED', 'TX BYTES', 'TX PACKETS', 'TX DROPPED'],
    ...interfaces.map((one) => [
      one.interface,
      one.network,
      ...[one.rxBytes, one.rxPackets, one.rxDropped, one.txBytes, one.txPackets, one.txDropped].map(String),
    ]),
  ])
  if (ports.length === 0) return links
  const used = columns([
    ['PORT', 'PUBLISHED AT', 'CONNECTIONS'],
    ...ports.map((port) => [printContainer(port), printHost(port), String(port.connections)]),
  ])
  return `${links}\n\n${used}`
}

/** As docker prints bytes: three digits, of units of a thousand. */
export function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`
}
