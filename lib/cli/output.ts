import Table from 'cli-table3'

export function print(text: string): void {
  if (text !== '') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 4))
}

/** Columns as docker prints them: no lines, three spaces in between. */
export function printColumns(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const between = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '   ' }
  const table = new Table({
    chars: { ...line, ...between },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push([...head], ...rows.map((row) => [...row]))
  print(table.toString().replace(/ +$/gm, ''))
}
