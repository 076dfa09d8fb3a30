import { InvalidArgumentError, Option } from 'commander'

/** Parsers of commander for values that stand behind flags. */

/** A flag that may be repeated. */
export const addText = (text: string, before: readonly string[] = []): string[] => [...before, text]

/** A flag that docker has several of, and that means one here. @param instead - What to do. */
export const once =
  (instead: string) =>
  (text: string, before: string | undefined): string => {
    if (before !== undefined) throw new InvalidArgumentError(`It is given twice. ${instead}`)
    return text
  }

/** A flag `key=value` that may be repeated. */
export function addPair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [key = '', ...value] = text.split('=')
  if (key === '') throw new InvalidArgumentError('It is written KEY=VALUE.')
  return { ...before, [key]: value.join('=') }
}

export function wholeNumber(text: string): number {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('A whole number is meant.')
  return Number(text)
}

/** A flag for filters as docker has them: `KEY=VALUE`, each key as often as you like. */
export const filterOption = (flags: '-f, --filter' | '--filter', which: string): Option =>
  new Option(`${flags} <key=value>`, `only these: ${which}; may be repeated`).argParser(addText)

/** `--format` of lists. */
export const listFormat = (fields: string): Option =>
  new Option('--format <template>', `print each by a template of Go, as a 'table' of fields, or as json (${fields})`)

/** `--format` of inspect. */
export const inspectFormat = (): Option =>
  new Option('-f, --format <template>', 'print by a template of Go, as docker does, or as json')
