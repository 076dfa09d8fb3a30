import { SlipwayError } from '../../base/errors.js'
import { missingCapabilities } from '../../kernel/capabilities.js'
import { thrownInWords } from '../../kernel/refusal.js'
import type { Settings } from '../../base/settings.js'
import { coloured } from '../colour.js'
import { hostOptions } from '../host-options.js'
import { looking } from '../looking.js'
import { print, printJson } from '../output.js'
import { note, problem, type Finding } from './finding.js'
import * as host from './host.js'
import { BRIDGE, checkCapabilities, checkFeatures, checkKernel, SEGMENTS, VETH } from './kernel.js'
import { checkFirewalls } from './firewalls.js'
import { checkForwarding } from './forwarding.js'
import { checkNames } from './names.js'
import { checkNetworks } from './networks.js'
import { checkDescriptors, checkDynamicPorts } from './ports.js'
import { checkSandboxes } from './sandboxes.js'
import { checkNetnsFolder, checkStateDir } from './process.js'
import { foundTwice, type Check } from './twice.js'
import { withSlipway } from '../with-slipway.js'
import type { GivenHost } from '../usage/host-flags.js'

export interface DoctorFlags {
  fix?: true
  json?: true
}

/** `slipway doctor`: can it work here? */
export async function doctor(host: GivenHost, { fix, json }: DoctorFlags): Promise<void> {
  const { settings } = hostOptions(host)
  // Opening the host mends what of it is ours, and what was mended is said.
  if (fix) await withSlipway(host, () => Promise.resolve(), { wait: true })
  const findings = await examine(settings)
  if (json) printJson(findings)
  else print(`${findings.map(line).join('\n')}\n\n${summary(findings)}`)
  if (findings.some(({ status }) => status === 'problem')) process.exitCode = 1
}

async function examine(settings: Settings): Promise<Finding[]> {
  return [
    checkKernel(),
    checkCapabilities(),
    ...checkFeatures([BRIDGE, VETH, ...SEGMENTS]),
    ...(await examineHost(settings)),
    checkNetnsFolder(),
    checkStateDir(settings.stateDir),
  ]
}

const HOST_CHECKS: Check[] = [
  host.checkRuleset,
  host.checkConntrack,
  host.checkPredefined,
  checkForwarding,
  host.checkIpv6,
  host.checkBridgeNetfilter,
  checkFirewalls,
  host.checkNewNamespaces,
  checkDynamicPorts,
  checkDescriptors,
  foundTwice(checkNetworks),
  foundTwice(checkSandboxes),
  checkNames,
  foundTwice(host.checkLeftovers),
]

async function examineHost(settings: Settings): Promise<Finding[]> {
  if (missingCapabilities().length > 0) return [note('host', 'not looked at: that takes the capabilities')]
  try {
    return await looking(settings, async (context) => {
      const findings: Finding[] = []
      for (const check of HOST_CHECKS) {
        const found = await check(context).catch((error: unknown) => [refused(error)])
        // What keeps one check from looking may keep others, too.
        findings.push(...found.filter(({ finding }) => !findings.some((one) => one.finding === finding)))
      }
      return findings
    })
  } catch (error) {
    return [refused(error)]
  }
}

/** A check that could not look: what is no fault of ours is said in words. */
function refused(error: unknown): Finding {
  const said = thrownInWords(error)
  if (!(said instanceof SlipwayError)) throw error
  return problem('host', said.message)
}

const COLOURS = { ok: 'green', note: 'yellow', problem: 'red' } as const

const line = ({ status, check, finding, advice }: Finding): string =>
  `${coloured('stdout', COLOURS[status], status.padEnd(8))} ${check.padEnd(13)} ${finding}${advice ? ` → ${advice}` : ''}`

function summary(findings: readonly Finding[]): string {
  const problems = findings.filter(({ status }) => status === 'problem').length
  if (problems === 0) return 'Slipway can work here.'
  return problems === 1 ? '1 problem.' : `${problems} problems.`
}
