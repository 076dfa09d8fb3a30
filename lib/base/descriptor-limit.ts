import { readFileSync } from 'node:fs'

/** How many descriptors this process may hold, and probably any other that is started the same way. */
export function descriptorLimit(): number {
  const [, soft] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft)
}
