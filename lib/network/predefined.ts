/** Networks that every host has, by name and driver. */
export const PREDEFINED: Readonly<Record<string, string>> = { bridge: 'bridge', host: 'host', none: 'null' }

/** Whether endpoints can be on it. */
export const isBridgeName = (network: string): boolean => (PREDEFINED[network] ?? 'bridge') === 'bridge'
