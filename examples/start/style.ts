import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

// hasColors() knows NO_COLOR, FORCE_COLOR and dumb terminals.
const colours = process.stdout.isTTY && process.stdout.hasColors()

export const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text)

export const say = (text = ''): void => void process.stdout.write(`${text}\n`)

/** A heading, and what the part below it shows. */
export function heading(title: string, what: string): void {
  say(`\n${paint('bold', title)} ${paint('dim', `· ${what}`)}\n`)
}

export const number = (value: number): string => Math.round(value).toLocaleString('en')

/** Microseconds, in a column of its own. */
export const microseconds = (value: number): string => `${number(value).padStart(7)} µs`
