import { paint } from './style.js'

type Style = Parameters<typeof paint>[0]

interface Cell {
  character: string
  style?: Style
}

/** Characters on a grid, each with a style, drawn over one another. */
export class Canvas {
  readonly #rows: Cell[][] = []

  text(x: number, y: number, text: string, style?: Style): this {
    const row = (this.#rows[y] ??= [])
    for (const [index, character] of [...text].entries()) {
      while (row.length < x + index) row.push({ character: ' ' })
      row[x + index] = style === undefined ? { character } : { character, style }
    }
    return this
  }

  /** A frame with its title in the upper edge. */
  box(x: number, y: number, width: number, height: number, title: string, style?: Style): this {
    const inner = width - 2
    this.text(x, y, `┌─ ${title} ${'─'.repeat(inner - title.length - 3)}┐`)
    for (let line = 1; line < height - 1; line++) this.text(x, y + line, '│').text(x + width - 1, y + line, '│')
    this.text(x, y + height - 1, `└${'─'.repeat(inner)}┘`)
    return this.text(x + 3, y, title, style ?? 'bold')
  }

  toString(): string {
    return this.#rows.map(paintRow).join('\n')
  }
}

/** Neighbours of one style are painted together. */
function paintRow(row: readonly Cell[]): string {
  const runs: { text: string; style: Style | undefined }[] = []
  for (const { character, style } of row) {
    const last = runs.at(-1)
    if (last && last.style === style) last.text += character
    else runs.push({ text: character, style })
  }
  return runs.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join('')
}
