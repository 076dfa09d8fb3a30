/** A version of the Internet Protocol. */
export type IpFamily = 4 | 6

/** Of a valid address or CIDR. */
export const familyOf = (address: string): IpFamily => (address.includes(':') ? 6 : 4)
