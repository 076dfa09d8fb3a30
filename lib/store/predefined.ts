/**
 * 64 hex digits that name a network that every host has, the same for every process. @param host - Identity of the
 * host's namespace.
 */
export const predefinedId = (host: number, network: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(`${host} ${network}`).digest('hex')
