import { isIP } from '../../base/addresses/is-address.js'

/** The addresses that a hosts(5) file has for a name, in its order. Upper and lower case are the same. */
export function addressesIn(hosts: string, name: string): string[] {
  const wanted = name.toLowerCase()
  const found: string[] = []
  for (const line of hosts.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (names.some((one) => one.toLowerCase() === wanted) && isIP(address) !== 0) found.push(address)
  }
  return [...new Set(found)]
}
