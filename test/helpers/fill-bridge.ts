import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execIn, type World } from './world.js'

/** A Linux bridge takes 1023 ports. @param there - So many it has. */
export function fillBridge({ host, stateDir }: World, bridge: string, there = 0): void {
  const pairs = Array.from({ length: 512 }, (_, n) => [
    `link add a${n} master ${bridge} type veth peer name b${n}`,
    ...(n < 511 - there ? [`link set b${n} master ${bridge}`] : []),
  ])
  const batch = join(stateDir, 'batch')
  writeFileSync(batch, pairs.flat().join('\n'))
  execIn(host, 'ip', '-batch', batch)
}
