import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { missingCapabilities } from '../../kernel/capabilities.js'
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
  /** What cannot be made without it, where the rest can. */
  for?: string
}

export const BRIDGE: Feature = { check: 'bridge', module: 'bridge', symbol: 'br_add_if' }
export const VETH: Feature = { check: 'veth', module: 'veth', symbol: 'veth_xmit' }

/** What networks on the segment of a link are made of. */
export const SEGMENTS: readonly Feature[] = [
  { check: 'macvlan', module: 'macvlan', symbol: 'macvlan_common_newlink', for: 'networks of the driver macvlan' },
  { check: 'ipvlan', module: 'ipvlan', symbol: 'ipvlan_link_new', for: 'networks of the driver ipvlan' },
  { check: 'vlan', module: '8021q', symbol: 'register_vlan_dev', for: 'parents with the number of a VLAN' },
  { check: 'dummy', module: 'dummy', symbol: 'dummy_xmit', for: 'networks of macvlan and ipvlan without a parent' },
]

/** Looks for kernel features. Loads no module: the kernel does that itself when it is asked for the feature. */
export function checkFeatures(features: readonly Feature[]): Finding[] {
  const running = readOrEmpty('/proc/kallsyms')
  const loadable = readOrEmpty(`/lib/modules/${release()}/modules.dep`)
  return features.map(({ check, module, symbol, for: needed }) => {
    if (running.includes(` ${symbol}\n`) || running.includes(` ${symbol}\t`) || existsSync(`/sys/module/${module}`))
      return ok(check, 'there')
    if (loadable.includes(`/${module}.ko`)) return ok(check, 'a module, loaded on first use')
    if (running === '') return note(check, 'unknown: /proc/kallsyms is not readable', `modprobe ${module}`)
    if (needed !== undefined) return note(check, `not in this kernel: no ${needed}`, `modprobe ${module}`)
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
