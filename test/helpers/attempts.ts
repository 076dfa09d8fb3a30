import { fileURLToPath } from 'node:url'
import { runIn, type Place } from './world.js'

/** A connection that is tried. */
export interface Attempt {
  protocol: 'tcp' | 'udp'
  address: string
  port: number
  /** Address that the client sends from. */
  from?: string
  /** Whether an answer should come: nobody waits long for what should not. */
  answers: boolean
}

const CLIENT = fileURLToPath(new URL('client.js', import.meta.url))

/**
 * Tries many connections from one place, at once.
 *
 * @returns For each the address under which the server saw the client, or `refused`, or `no answer`.
 */
export async function attemptFrom(place: Place, attempts: readonly Attempt[]): Promise<string[]> {
  const { code, stdout } = await runIn(place, process.execPath, CLIENT, JSON.stringify(attempts))
  if (code !== 0) throw new Error(`the client in ${place.name} ended with status ${code}`)
  return JSON.parse(stdout) as string[]
}
