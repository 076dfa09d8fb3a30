/** What a sandbox has instead of networks: nothing but loopback. Docker calls the driver `null`. */
export const none = { name: 'null', network: 'none' } as const
