import { existsSync, lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** As native/host/reserve.cc has it, which makes it with the folder. */
export const RESERVE = '.reserve'
const BYTES = 64 << 10

/**
 * Where the folder of sandboxes' records was made without its reserve, or has lost it, what makes room would need some.
 * A network's record is deleted and never changed.
 */
export function keepReserve(folder: string): void {
  if (!existsSync(folder) || lstatSync(join(folder, RESERVE), { throwIfNoEntry: false })) return
  try {
    writeFileSync(join(folder, RESERVE), Buffer.alloc(BYTES), { flag: 'wx', mode: 0o644 })
  } catch {
    // There is no room, or nothing may be written: whoever changes something hears of it.
  }
}
