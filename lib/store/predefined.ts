import { sha256 } from '../base/sha256.js'

/**
 * 64 hex digits that name a network that every host has, the same for every process. @param host - Identity of the
 * host's namespace.
 */
export const predefinedId = (host: number, network: string): string => sha256(`${host} ${network}`)
