import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SlipwayError } from '../../base/errors.js'

/**
 * Writes the number of this process into a file, for those who look there. One that names a living process of the same
 * program is refused.
 *
 * @returns What removes it.
 * @throws {SlipwayError} `CONFLICT`
 */
export function writePidFile(path: string): () => void {
  const pid = Number(read(path).trim())
  if (pid > 0 && pid !== process.pid && programOf(pid) === programOf(process.pid))
    throw new SlipwayError(
      'CONFLICT',
      `The process ${pid} is there already, as ${path} says. End that one first, or give another file: --pid-file.`,
    )
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const made = `${path}.new-${process.pid}`
  writeFileSync(made, `${process.pid}\n`, { mode: 0o644 })
  renameSync(made, path)
  return () => {
    if (Number(read(path).trim()) === process.pid) unlinkSync(path)
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The program of a process: numbers are used again by others. Empty where there is no such process. */
function programOf(pid: number): string {
  const words = read(`/proc/${pid}/cmdline`).split('\0')
  return words.slice(0, 2).join(' ')
}
