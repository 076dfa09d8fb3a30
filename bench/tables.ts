import Table from 'cli-table3'
import type { Ratio } from './stats.js'
import type { Arm } from './trial-spec.js'

/** How tables for a terminal look, and what arms are called in them. */

export const NAMES: Record<Arm, string> = {
  ours: 'ours',
  pooled: 'ours, from the pool',
  against: 'other checkout',
  'against-pooled': 'other checkout, from the pool',
  floor: 'floor (C++)',
  exec: 'exec (ip, nft)',
  'slipway-cni': 'ours, by CNI',
  cni: 'CNI bridge+portmap',
  netavark: 'netavark',
  'docker-connect': 'docker network connect',
  'docker-start': 'docker start - none',
}

export function newTable(head: string[]): Table.Table {
  return new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
}

export const titled = (title: string, table: Table.Table): string =>
  table.length === 0 ? '' : `${title}\n${table.toString()}`

export const micro = (value: number, digits = 0): string => value.toFixed(digits)
export const rate = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
export const printRatio = ({ value, low, high }: Ratio): string =>
  `${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
