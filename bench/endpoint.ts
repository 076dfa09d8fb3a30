/** What every arm brings up. */

export const CONTAINER_PORT = 80

/** Below the ports that clients are given. */
export const FIRST_PORT = 20000

/** Endpoint number `n` of a trial. */
export const endpoint = (n: number) => ({ name: `bench${n}`, hostPort: FIRST_PORT + n })

export const netnsPath = (name: string): string => `/run/netns/${name}`
