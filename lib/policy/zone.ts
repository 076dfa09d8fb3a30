/** How many zones there are, but for the one that everything is in that no rule has put elsewhere. */
const ZONES = 0xffff

/**
 * The conntrack zone of a target of published ports: its endpoint's id, which is random, and the port in it. Of one
 * host port, or one address, two in a row differ but once in 65,535 times, and one that comes back is where it was.
 *
 * @param port - 0 for all.
 */
export function zoneOf(endpointId: string, port: number): number {
  // Of one endpoint, different ports have different bits.
  return ((Number.parseInt(endpointId.slice(0, 4), 16) ^ port) % ZONES) + 1
}
