import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { clearTimeout, setTimeout } from '../../base/timers.js'
import { Fields } from '../http/fields.js'
import { CniError } from './cni-error.js'
import type { CniCommand, CniVariables } from './environment.js'

/** A plugin that takes longer hangs. */
const DEADLINE_MS = 60_000
/** In bytes. */
const LONGEST = 1 << 20

/** A plugin that gives addresses, and what it is called with: all that this one was called with. */
export interface Delegate {
  /** Name of the program. */
  type: string
  /** Folders where it may be. */
  path: readonly string[]
  variables: CniVariables
  input: Buffer
}

/**
 * Calls it.
 *
 * @returns What it has printed.
 * @throws {CniError} What it refuses, as it says it.
 */
export async function callDelegate({ type, path, variables, input }: Delegate, command: CniCommand): Promise<Fields> {
  const program = find(type, path)
  const child = spawn(program, [], {
    env: { ...process.env, ...variables, CNI_COMMAND: command },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
  try {
    const parts: Buffer[] = []
    let length = 0
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(new CniError('DELEGATE', `${program} did not start: ${error.message}`)))
      child.once('close', resolve)
    })
    child.stdout.on('data', (part: Buffer) => {
      length += part.length
      if (length > LONGEST) child.kill('SIGKILL')
      else parts.push(part)
    })
    // One that reads nothing closes its end.
    child.stdin.on('error', () => undefined).end(input)
    const status = await ended
    const printed = Buffer.concat(parts)
    if (status === 0) return Fields.parse(printed)
    throw refusal(program, status, printed)
  } finally {
    clearTimeout(timer)
  }
}

function find(type: string, path: readonly string[]): string {
  if (/[/\\]/.test(type) || type === '.' || type === '..')
    throw new CniError('INVALID_CONFIGURATION', `ipam.type must be the name of a program, and is "${type}".`)
  for (const folder of path) {
    const program = join(folder, type)
    try {
      accessSync(program, constants.X_OK)
      return program
    } catch {
      // It may be in the next one.
    }
  }
  throw path.length === 0
    ? new CniError('ENVIRONMENT', `CNI_PATH names no folder, and ipam.type is the plugin ${type}.`)
    : new CniError('DELEGATE', `There is no plugin ${type} in ${path.join(', ')} (CNI_PATH).`)
}

function refusal(program: string, status: number | null, printed: Buffer): CniError {
  try {
    const said = Fields.parse(printed)
    const [code, message, details] = [said.whole('code') ?? 0, said.text('msg'), said.text('details')]
    if (message !== '') return new CniError(code, message, details === '' ? undefined : details)
  } catch {
    // It has not said it in CNI's form.
  }
  return new CniError(
    'DELEGATE',
    `${program} ${status === null ? 'was ended' : `ended with status ${status}`} and does not say why.`,
  )
}
