import { UsageError } from '../failures.js'

/** A word of an action in a template. */
export interface Word {
  kind: 'text' | 'number' | 'field' | 'variable' | 'name' | 'sign'
  text: string
  /** Of a text or number. */
  value?: unknown
  /** Nothing stands between it and the word before it. */
  joined: boolean
}

const WORD =
  /(\s*)(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|(-?\d+(?:\.\d+)?)|((?:\.[A-Za-z_]\w*)+|\.)|(\$\w*)|([A-Za-z_]\w*)|([|()]))/sy

/** @throws {UsageError} */
export function words(action: string): Word[] {
  const found: Word[] = []
  WORD.lastIndex = 0
  const text = action.trimEnd()
  while (WORD.lastIndex < text.length) {
    const from = WORD.lastIndex
    const match = WORD.exec(text)
    if (!match) throw new UsageError(`--format: ${text.slice(from).trim()} in {{${text}}} cannot be read.`)
    const [, space, quoted, raw, number, field, variable, name, sign] = match
    const joined = space === '' && from > 0
    if (quoted !== undefined) found.push({ kind: 'text', text: quoted, value: unquote(quoted), joined })
    else if (raw !== undefined) found.push({ kind: 'text', text: raw, value: raw, joined })
    else if (number !== undefined) found.push({ kind: 'number', text: number, value: Number(number), joined })
    else if (field !== undefined) found.push({ kind: 'field', text: field, joined })
    else if (variable !== undefined) found.push({ kind: 'variable', text: variable, joined })
    else if (name !== undefined) found.push({ kind: 'name', text: name, joined })
    else found.push({ kind: 'sign', text: sign ?? '', joined })
  }
  return found
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw new UsageError(`--format: the text ${quoted} cannot be read.`)
  }
}
