import { readFileSync } from 'node:fs'
import { SlipwayError } from '../../base/errors.js'

/** The number of a group of this machine, by name or number. @throws {SlipwayError} `NOT_FOUND` */
export function groupNumber(group: string): number {
  if (/^\d{1,9}$/.test(group)) return Number(group)
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name, , number] = line.split(':')
    if (name === group && name !== '') return Number(number)
  }
  throw new SlipwayError(
    'NOT_FOUND',
    `There is no group "${group}" on this machine. Make it (groupadd ${group}), or leave --group out: only root connects then.`,
  )
}
