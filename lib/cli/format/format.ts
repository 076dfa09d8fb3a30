import { requireOwnProcess } from '../caller.js'
import { columns } from '../output.js'
import { checkFields, evaluate } from './evaluate.js'
import { parse } from './parse.js'

/** How a list is printed: docker's `--format`. */
export interface Format<Row> {
  /** Lines for rows, with a head where it is a table. */
  list(rows: readonly Row[]): string
}

/**
 * @param heads - What stands above each field in a table.
 * @throws {UsageError}
 */
export function readFormat<Row extends object>(
  template: string,
  heads: Readonly<Record<keyof Row & string, unknown>>,
): Format<Row> {
  requireOwnTime(template)
  if (template === 'json') return { list: (rows) => rows.map((row) => JSON.stringify(row)).join('\n') }
  const [, table, rest = ''] = /^(table\s+)?(.*)$/s.exec(template) ?? []
  // A shell leaves \t as it is, and docker does not.
  const parts = parse(rest.replace(/\\t/g, '\t').replace(/\\n/g, '\n'))
  // Also where the list is empty.
  checkFields(parts, heads)
  return {
    list: (rows) => {
      if (table === undefined) return rows.map((row) => evaluate(parts, row)).join('\n')
      return columns([heads, ...rows].map((row) => evaluate(parts, row).split('\t')))
    },
  }
}

/** Fields, as they are or as JSON. What else there is may grow with each word: `print`, `range`, variables. */
const PLAIN = /^(table\s)?([^{]|\{(?!\{)|\{\{\s*(json\s+)?[.\w]+(\s+"[^"{}]*")?\s*\}\})*$/
const LONGEST = 1000

/** The caller takes the time and the memory for what may grow. @throws {Elsewhere} */
function requireOwnTime(template: string): void {
  if (template.length > LONGEST || !PLAIN.test(template)) requireOwnProcess()
}

/** One line for each thing, as `docker inspect --format` prints it. @throws {UsageError} */
export function readInspectFormat(template: string): (things: readonly object[]) => string {
  requireOwnTime(template)
  if (template === 'json') return (things) => JSON.stringify(things)
  const parts = parse(template)
  return (things) => things.map((thing) => `${evaluate(parts, thing)}\n`).join('')
}
