import { output, print } from './output.js'

const EVERY_MS = 1000
/** The terminal's: to its top, and each line, and what is below, without what was there before. */
const TOP = '\u001b[H'
const REST_OF_LINE = '\u001b[K'
const BELOW = '\u001b[J'

/** Shows a text again and again, until it is stopped. */
export async function watch(look: () => Promise<string>, signal: AbortSignal): Promise<void> {
  output.write(`${TOP}${BELOW}`)
  while (!signal.aborted) {
    const text = await look()
    print(`${TOP}${text.replace(/\n|$/g, `${REST_OF_LINE}$&`)}\n${BELOW}`)
    await new Promise<void>((resolve) => {
      const next = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', next)
        resolve()
      }
      const timer = setTimeout(next, EVERY_MS)
      signal.addEventListener('abort', next)
    })
  }
}
