/** What a sandbox has instead of networks: the host's own. */
export const host = { name: 'host', network: 'host' } as const
