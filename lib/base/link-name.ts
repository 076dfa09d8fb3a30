/** What a name of an interface must be, for messages. */
export const LINK_NAME =
  'an interface name of at most 15 letters, digits, "_", "." and "-" that begins with a letter or digit ("all" and "default" are no names)'

/**
 * Narrower than the kernel's dev_valid_name(): nothing that it expands (%d), that nft or a shell reads as their own, or
 * that sysctl(8) takes for every link.
 */
export const isLinkName = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(value) && value !== 'all' && value !== 'default'

/** The host's end of an endpoint is named after its id. */
export const hostLinkOf = (id: string): string => `veth${id.slice(0, 11)}`

/** Whether a link has such a name. */
export const isHostLink = (name: string): boolean => /^veth[0-9a-f]{11}$/.test(name)
