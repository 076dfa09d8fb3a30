import { show } from '../../base/errors.js'
import { isLinkName } from '../../base/link-name.js'
import { CniError } from './cni-error.js'

export const COMMANDS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const
export type CniCommand = (typeof COMMANDS)[number]

/** A runtime's variables, by name. */
export type CniVariables = Readonly<Record<string, string | undefined>>

/** What a runtime says by variables. */
export interface CniEnvironment {
  command: CniCommand
  /** Empty where the command is for no container, as are those that follow. */
  containerId: string
  ifname: string
  /** Path of the container's namespace; empty also where it is gone. */
  netns: string
  /** Of `CNI_ARGS`, by name. */
  args: ReadonlyMap<string, string>
  /** Folders with plugins. */
  path: readonly string[]
}

const NEEDED: Record<CniCommand, readonly string[]> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  STATUS: [],
  GC: [],
  VERSION: [],
}

/** @throws {CniError} 4 with the names of the variables. */
export function readEnvironment(variables: CniVariables): CniEnvironment {
  const of = (name: string): string => variables[name] ?? ''
  const command = COMMANDS.find((one) => one === of('CNI_COMMAND'))
  if (!command)
    throw new CniError(
      'ENVIRONMENT',
      `CNI_COMMAND must be one of ${COMMANDS.join(', ')}, and is ${show(variables['CNI_COMMAND'])}.`,
    )
  const missing = NEEDED[command].filter((name) => of(name) === '')
  if (missing.length > 0)
    throw new CniError('ENVIRONMENT', `${command} needs ${missing.join(' and ')}, which a container's runtime sets.`)
  const isFor = (name: string) => NEEDED[command].includes(name)
  if (isFor('CNI_CONTAINERID') && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(of('CNI_CONTAINERID')))
    throw new CniError(
      'ENVIRONMENT',
      `CNI_CONTAINERID must be letters, digits, "_", "." and "-", and begin with a letter or digit, and is ${show(of('CNI_CONTAINERID'))}.`,
    )
  // Of what was never added under such a name, nothing is there to be deleted.
  if (isFor('CNI_IFNAME') && command !== 'DEL' && (!isLinkName(of('CNI_IFNAME')) || of('CNI_IFNAME') === 'lo'))
    throw new CniError(
      'ENVIRONMENT',
      `CNI_IFNAME must be the name of an interface, of at most 15 letters, digits, "_", "." and "-", and is ${show(of('CNI_IFNAME'))}.`,
    )
  return {
    command,
    containerId: of('CNI_CONTAINERID'),
    ifname: of('CNI_IFNAME'),
    netns: of('CNI_NETNS'),
    args: new Map(of('CNI_ARGS').split(';').flatMap(pairOf)),
    path: of('CNI_PATH')
      .split(':')
      .filter((folder) => folder !== ''),
  }
}

function pairOf(text: string): [name: string, value: string][] {
  const at = text.indexOf('=')
  return at > 0 ? [[text.slice(0, at), text.slice(at + 1)]] : []
}
