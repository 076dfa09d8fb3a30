/** Networks that every host has, by name and driver. */
export const PREDEFINED: Readonly<Record<string, string>> = { bridge: 'bridge', host: 'host', none: 'null' }

/** Whether endpoints can be on it. */
export const isBridgeName = (network: string): boolean => (PREDEFINED[network] ?? 'bridge') === 'bridge'

/**
 * 64 hex digits that name a network that every host has, the same for every process. @param host - Identity of the
 * host's namespace.
 */
export const predefinedId = (host: number, network: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(`${host} ${network}`).digest('hex')

/**
 * The name of a network that every host has, by its id or the first twelve digits or more of it; anything else is given
 * back.
 */
export function namedPredefined(host: number, nameOrId: string): string {
  if (!/^[0-9a-f]{12,64}$/.test(nameOrId)) return nameOrId
  return Object.keys(PREDEFINED).find((name) => predefinedId(host, name).startsWith(nameOrId)) ?? nameOrId
}
