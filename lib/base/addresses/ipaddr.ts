import { createRequire } from 'node:module'

type Library = typeof import('ipaddr.js')

let loaded: Library | undefined

/** ipaddr.js, loaded with the first IPv6 address: hosts without IPv6 need not wait for it. */
export const ipaddr = (): Library => (loaded ??= createRequire(import.meta.url)('ipaddr.js') as Library)
