import { invalid } from '../base/errors.js'
import { clearTimeout, setTimeout } from '../base/timers.js'

/** A program that has something to say says it at once, and closes. */
const WAIT_MS = 10_000
/** More than any state of a container, or network, has. */
const LONGEST = 1 << 20

/**
 * What a runtime writes to a hook or plugin.
 *
 * @param writer - Who writes it, and what, in words.
 * @throws {SlipwayError} `INVALID_ARGUMENT`, where it does not end, or is too long.
 */
export async function readStdin(writer: string): Promise<Buffer> {
  const { stdin } = process
  const late = invalid(`Nobody has ended stdin for ${WAIT_MS / 1000} s. ${writer}, and closes it.`)
  const timer = setTimeout(() => stdin.destroy(late), WAIT_MS)
  try {
    const parts: Buffer[] = []
    let length = 0
    for await (const part of stdin) {
      parts.push(part as Buffer)
      length += (part as Buffer).length
      if (length > LONGEST) throw invalid(`What is on stdin is longer than ${LONGEST} bytes. ${writer}.`)
    }
    return Buffer.concat(parts)
  } finally {
    clearTimeout(timer)
  }
}
