import { caller, environment, type Output } from './caller.js'

/** Colours for a terminal. NO_COLOR and FORCE_COLOR decide where they are set: https://no-color.org. */

type Colour = 'red' | 'green' | 'yellow' | 'bold'

const CODES: Record<Colour, [number, number]> = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] }

function isColoured(output: Output): boolean {
  const { NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM } = environment()
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return false
  if (FORCE_COLOR || CLICOLOR_FORCE !== undefined) return true
  return (caller()?.isTerminal(output) ?? process[output].isTTY) && TERM !== 'dumb'
}

const escaped = (colour: Colour, text: string): string =>
  `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`

/** A text in a colour, where the output that it is for shows any. */
export const coloured = (output: Output, colour: Colour, text: string): string =>
  isColoured(output) ? escaped(colour, text) : text

/** For commander, which takes colours out again where there are none. */
export const bold = (text: string): string => escaped('bold', text)
