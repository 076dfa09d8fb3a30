/** What ports are of. */
export type Protocol = 'tcp' | 'udp' | 'sctp'
