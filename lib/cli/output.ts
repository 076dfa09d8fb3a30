import { writeSync } from 'node:fs'
import { caller } from './caller.js'

/** What commands print goes here. To open `process.stdout` takes Node.js 3 to 5 ms, and most commands print once. */
export const output = {
  write(text: string): void {
    const typed = caller()
    if (typed) typed.write('stdout', text)
    else if (opened) process.stdout.write(text)
    else writeAll(Buffer.from(text))
  },
}

/** Whether a reader was slow once. Then it is left to `process.stdout`, which waits for it. */
let opened = false

function writeAll(bytes: Buffer): void {
  let rest = bytes
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest))
  } catch (error) {
    hasEnough(error)
    // The pipe is full, and whoever made it wants nobody to wait.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    opened = true
    process.stdout.on('error', (later) => {
      hasEnough(later)
      throw later
    })
    process.stdout.write(rest)
  }
}

/** Who reads our output may have enough of it: `slipway ls | head -1`. */
function hasEnough(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit()
}

/** What is said beside, or is wrong. */
export function complain(text: string): void {
  const typed = caller()
  if (typed) typed.write('stderr', text)
  else process.stderr.write(text)
}

export function print(text: string): void {
  if (text !== '') output.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 4))
}

/** Columns as docker prints them: no lines, three spaces in between. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

export const printColumns = (head: readonly string[], rows: readonly (readonly string[])[]): void =>
  print(columns([head, ...rows]))
