/** A value as Go prints it. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .filter(([, one]) => typeof one !== 'function')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => `${key}:${show(one)}`)
      .join(' ')}]`
  return String(value)
}
