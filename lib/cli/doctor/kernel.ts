import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { missingCapabilities } from '../../kernel/host.js'
import { note, ok, problem, type Finding } from './finding.js'

/** The first kernel that tells postrouting the incoming interface. */
const OLDEST = [5, 7] as const

export function checkKernel(): Finding {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const oldEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  return oldEnough
    ? ok('kernel', `Linux ${release()}`)
    : problem('kernel', `Linux ${release()}`, `boot Linux ${OLDEST.join('.')} or later`)
}

export function checkCapabilities(): Finding {
  const missing = missingCapabilities()
  if (missing.length === 0) return ok('capabilities', 'CAP_NET_ADMIN, CAP_SYS_ADMIN')
  return problem(
    'capabilities',
    `${missing.join(' and ')} missing`,
    'run as root, or in a container with --cap-add NET_ADMIN --cap-add SYS_ADMIN',
  )
}

/** Something that the kernel may have built in, as a module, or not at all; and a function that it then has. */
export interface Feature {
  check: string
  module: string
  symbol: string
}

export const BRIDGE: Feature = { check: 'bridge', module: 'bridge', symbol: 'br_add_if' }
export const VETH: Feature = { check: 'veth', module: 'veth', symbol: 'veth_xmit' }

/** Looks for kernel features. Loads no module: the kernel does that itself when it is asked for the feature. */
export function checkFeatures(features: readonly Feature[]): Finding[] {
  const running = readOrEmpty('/proc/kallsyms')
  const loadable = readOrEmpty(`/lib/modules/${release()}/modules.dep`)
  return features.map(({ check, module, symbol }) => {
    if (running.includes(` ${symbol}\n`) || running.includes(` ${symbol}\t`) || existsSync(`/sys/module/${module}`))
      return ok(check, 'there')
    if (loadable.includes(`/${module}.ko`)) return ok(check, 'a module, loaded on first use')
    if (running === '') return note(check, 'unknown: /proc/kallsyms is not readable', `modprobe ${module}`)
    return problem(check, 'not in this kernel', `modprobe ${module}, or boot a kernel that has it`)
  })
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
