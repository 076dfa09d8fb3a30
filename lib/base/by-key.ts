/** Entries in the order of their keys, as docker's JSON has what it knows by name. */
export const byKey = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
