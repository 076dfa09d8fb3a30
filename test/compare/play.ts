import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HOST_NAME } from './host.js'
import type { Observation } from './observation.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SIDE = fileURLToPath(new URL('side.js', import.meta.url))

/** One scenario takes two or three seconds. */
const SCENARIO_MS = 120_000

/**
 * Plays a scenario on one side, in a process and namespaces of its own. A process namespace among them, so that the end
 * of its first process is the end of all: whatever dockerd has started included.
 */
export async function play(
  side: 'docker' | 'slipway',
  scenario: string,
  file: string,
  programs: string,
): Promise<Observation> {
  const inside = `hostname ${HOST_NAME}; exec "$@"`
  const namespaces = ['unshare', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-euc', inside, 'sh']
  const child = spawn(
    `${ROOT}scripts/in-own-namespaces.sh`,
    [...namespaces, process.execPath, SIDE, side, scenario, file, programs],
    {
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), SCENARIO_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  if (code !== 0)
    throw new Error(
      `${side}: ${scenario}: ${code === null ? `not done within ${SCENARIO_MS / 1000} s` : `exit status ${code}`}\n${complaint}`,
    )
  return JSON.parse(readFileSync(file, 'utf8')) as Observation
}
