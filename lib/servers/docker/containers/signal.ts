import { constants } from 'node:os'
import { badRequest, HttpError } from '../../http/http-error.js'

/** Those that mean an end. SIGHUP is what a program reads its settings again for. */
const ENDING: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGKILL', 'SIGTERM']

/**
 * A signal that a container is to end by: `KILL`, `SIGTERM`, `9`. Empty is Docker's default.
 *
 * @throws {HttpError} 400 for what is none; 501 for one that would not end it.
 */
export function requireEnding(given: string): void {
  if (given === '') return
  const name = /^\d+$/.test(given) ? nameOf(Number(given)) : `SIG${given.toUpperCase().replace(/^SIG/, '')}`
  if (name === undefined || !Object.hasOwn(constants.signals, name)) throw badRequest(`Invalid signal: ${given}`)
  if (!ENDING.includes(name))
    throw new HttpError(501, `${name}: a sandbox has no program of its own that a signal could be sent to.`)
}

const nameOf = (number: number): string | undefined =>
  Object.entries(constants.signals).find(([, one]) => one === number)?.[0]
