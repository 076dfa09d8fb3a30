import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { mayNotRead } from '../base/shortage.js'
import { caller, environment } from './caller.js'
import { UsageError } from './failures.js'
import type { ProcessFlags } from './usage/process-flags.js'

/** How a program is to run. */
export interface How {
  /** Variables that it has beside those that there are. */
  env: NodeJS.ProcessEnv
  cwd: string
  /** What is executed before it, to be another user. */
  before: readonly string[]
  detach: boolean
}

/**
 * What the flags of a program mean on this machine.
 *
 * @throws {UsageError | SlipwayError} `NOT_FOUND`: no such folder, user or group.
 */
export function howToRun({ detach, env = [], workdir, user }: ProcessFlags): How {
  const cwd = resolve(caller()?.cwd ?? '.', workdir ?? '.')
  if (workdir !== undefined) checkFolder(workdir, cwd)
  const given = Object.fromEntries(env.flatMap(pairOf))
  const { before, home } = user === undefined ? { before: [], home: {} } : asUser(user)
  return { env: { ...home, ...given }, cwd, before, detach: detach === true }
}

function checkFolder(typed: string, path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EACCES') throw new SlipwayError('PERMISSION', `--workdir: ${mayNotRead(code, path)}`)
  }
  throw new SlipwayError('NOT_FOUND', `--workdir ${typed}: there is no such folder on this machine.`)
}

function pairOf(text: string): [string, string][] {
  const [, key = '', value = environment()[key]] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
  if (key === '') throw new UsageError(`--env "${text}" has no name. It is written KEY=VALUE, or KEY.`)
  return value === undefined ? [] : [[key, value]]
}

interface Entry {
  name: string
  id: string
  /** What follows the id: of a user, the group and the home are in there. */
  rest: readonly string[]
}

/** The line of a user or group in /etc/passwd or /etc/group, by name or number. */
function entryOf(file: string, wanted: string): Entry | undefined {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name = '', , id = '', ...rest] = line.split(':')
    if (name !== '' && (name === wanted || id === wanted)) return { name, id, rest }
  }
  return undefined
}

function asUser(text: string): { before: string[]; home: NodeJS.ProcessEnv } {
  const [, user = '', group] = /^([^:]+)(?::([^:]+))?$/.exec(text) ?? []
  if (user === '') throw new UsageError(`--user "${text}" is no user. It is written NAME, UID, NAME:GROUP or UID:GID.`)
  const found = entryOf('/etc/passwd', user)
  const foundGroup = group === undefined ? undefined : entryOf('/etc/group', group)
  for (const [what, name, entry] of [
    ['user', user, found],
    ['group', group, foundGroup],
  ] as const)
    if (name !== undefined && !entry && !/^\d+$/.test(name))
      throw new SlipwayError('NOT_FOUND', `--user ${text}: there is no ${what} "${name}" on this machine.`)
  const uid = found?.id ?? user
  const gid = foundGroup?.id ?? group ?? found?.rest[0] ?? '0'
  const groups = found && group === undefined ? '--init-groups' : '--clear-groups'
  return {
    before: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, groups, '--'],
    home: { HOME: found?.rest[2] ?? '/' },
  }
}
