import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ours } from '../arms/ours.js'
import { runFloor } from '../floor-program.js'
import { run } from '../peers/tools.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** Who answers a sandbox's questions for another sandbox: Slipway, or dnsmasq at the same address of the bridge. */
export const NAMESERVERS = ['slipway', 'dnsmasq'] as const

export const isDnsmasqHere = (): boolean => spawnSync('dnsmasq', ['--version'], { stdio: 'ignore' }).status === 0

const SUBNET = '172.30.0.0/16'
const BRIDGE = '172.30.0.1'
const PORT = 5300

/** Questions one after another, each timed, and with a hundred under way, of a program in a sandbox. */
export async function names({ slipway }: Ours, { variant = 'slipway', seconds = 2 }: TrialSpec): Promise<TrialResult> {
  await slipway.networks.create({ name: 'names', subnets: [{ subnet: SUBNET }] })
  const app = await slipway.sandboxes.create({ name: 'names-app', network: 'names', aliases: ['api'] })
  const address = app.endpoints[0]?.addresses[0]?.split('/')[0] ?? ''
  const stop = variant === 'dnsmasq' ? await serveDnsmasq(app.path, address) : undefined
  try {
    const { times, count, nanoseconds } = await runFloor<Record<'times' | 'count' | 'nanoseconds', number[]>>(
      'names',
      `--client=${app.path}`,
      `--host=${BRIDGE}`,
      `--first-port=${variant === 'dnsmasq' ? PORT : 53}`,
      `--seconds=${seconds}`,
    )
    return {
      total: times.map((time) => time / 1000),
      phases: {},
      numbers: { answersPerSecond: ((count[0] ?? 0) * 1e9) / (nanoseconds[0] ?? 1) },
    }
  } finally {
    await stop?.()
  }
}

/** @returns What ends it. */
async function serveDnsmasq(netns: string, address: string): Promise<() => Promise<void>> {
  const hosts = '/run/names-hosts'
  writeFileSync(hosts, `${address} api\n`)
  const child = spawn(
    'dnsmasq',
    [
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--no-resolv', '--no-hosts'],
      ...['--bind-interfaces', `--listen-address=${BRIDGE}`, `--port=${PORT}`, `--addn-hosts=${hosts}`],
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20))
    if (run('ss', ['-Hlun', `sport = :${PORT}`]) !== '')
      return async () => {
        child.kill()
        await ended
      }
  throw new Error(`dnsmasq did not listen for ${netns} within 5 s.`)
}
