import type { Slipway } from '../../api/slipway.js'
import { readAttachment, portsOf } from './attachment.js'
import { add, type Wanted } from './add.js'
import { check } from './check.js'
import { CniError } from './cni-error.js'
import { dnsOf, isDefaultGateway, networkOf, readConfig, wantsDefaultRoute, type CniConfig } from './config.js'
import { callDelegate, type Delegate } from './delegate.js'
import { withDelegated } from './delegated.js'
import type { CniCommand, CniEnvironment, CniVariables } from './environment.js'
import { collect, remove } from './remove.js'
import { resultIn } from './result.js'
import { status } from './status.js'
import { isAtLeast, NEWEST, VERSIONS, type CniVersion } from './versions.js'

/** A call of the plugin, read as far as can be without a host. */
export interface CniCall {
  environment: CniEnvironment
  config: CniConfig
  /** The plugin that gives addresses in our place, where there is one. */
  delegate: Delegate | undefined
}

/** From which version on there are these commands. */
const SINCE: Partial<Record<CniCommand, CniVersion>> = { CHECK: '0.4.0', STATUS: '1.1.0', GC: '1.1.0' }

/** @throws {CniError} @throws {HttpError} */
export function readCall(environment: CniEnvironment, variables: CniVariables, input: Buffer): CniCall {
  const config = readConfig(input)
  const { command, path } = environment
  const since = SINCE[command] ?? VERSIONS[0]
  if (!isAtLeast(config.version, since))
    throw new CniError(
      'INCOMPATIBLE_VERSION',
      `The configuration is of CNI ${config.version}, which has no ${command}. CNI has it since ${since}.`,
    )
  const { delegate: type } = config
  return { environment, config, delegate: type === undefined ? undefined : { type, path, variables, input } }
}

/**
 * Does what a runtime asks for.
 *
 * @param resident - Whether this process stays.
 * @returns What the runtime reads, if anything.
 * @throws {CniError} @throws {SlipwayError}
 */
export async function perform(slipway: Slipway, call: CniCall, resident: boolean): Promise<object | undefined> {
  const { environment, config, delegate } = call
  const { name, fields, version } = config
  const { command } = environment
  if (command === 'ADD') return addAttachment(slipway, call, resident)
  if (command === 'CHECK') await check(slipway, name, environment, fields.object('prevResult'))
  if (command === 'STATUS') await status(slipway, networkOf(config))
  if (command === 'DEL') await remove(slipway, name, environment, portsToRemove(config))
  let refused: { error: unknown } | undefined
  if (command === 'GC') {
    if (!isAtLeast(version, '1.1.0')) return undefined
    const valid = fields.objects('cni.dev/valid-attachments')
    const stay = valid.map((one) => ({ containerID: one.text('containerID'), ifname: one.text('ifname') }))
    await collect(slipway, name, stay).catch((error: unknown) => (refused = { error }))
  }
  if (delegate) await callDelegate(delegate, command)
  if (refused) throw refused.error
  return undefined
}

async function addAttachment(slipway: Slipway, call: CniCall, resident: boolean): Promise<object> {
  const { environment, config, delegate } = call
  const { version, fields } = config
  const attachment = readAttachment(config, environment)
  const wanted: Wanted = {
    network: networkOf(config),
    attachment,
    isDefaultGateway: isDefaultGateway(fields),
    defaultRoute: wantsDefaultRoute(config),
    dns: Object.keys(attachment.dns).length > 0 ? attachment.dns : dnsOf(config),
  }
  const make = (given: Wanted) => add(slipway, environment, given, resident)
  const made = await (delegate ? withDelegated(delegate, wanted, make) : make(wanted))
  return resultIn(version, made, fields.object('prevResult'))
}

/** What cannot be read was not published. */
function portsToRemove({ fields }: CniConfig): ReturnType<typeof portsOf> {
  try {
    return portsOf(fields.object('runtimeConfig'))
  } catch {
    return []
  }
}

/** `VERSION`. @param input - What was on stdin; what cannot be read says nothing. */
export function versionsFor(input: Buffer): object {
  const [, asked] = /"cniVersion"\s*:\s*"([0-9.]{1,16})"/.exec(input.toString('utf8')) ?? []
  return { cniVersion: asked ?? NEWEST, supportedVersions: VERSIONS }
}
