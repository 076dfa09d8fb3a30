import { basename } from 'node:path'
import { SlipwayError } from './errors.js'
import { addresses, portMaps } from './firewall/sets.js'
import { forbidden, isForbidden, words, type Host, type PlanRefused } from './host.js'
import type { ElementAdd, SetDefinition } from './plan/operation.js'
import { readOwner } from './state/records.js'

/**
 * The error that a refused plan becomes for the caller: what is taken, by whom, and what to do. Nothing of the plan
 * is left by then.
 */
export async function explainRefusal(refused: PlanRefused, host: Host): Promise<SlipwayError> {
  const { operation, errnoName, refusal } = refused
  const error = (code: ConstructorParameters<typeof SlipwayError>[0], message: string) =>
    new SlipwayError(code, message, refusal, { cause: refused })

  switch (operation.op) {
    case 'file.create':
      if (errnoName === 'EEXIST') return error('CONFLICT', nameInUse(basename(operation.path, '.json')))
      break
    case 'file.check':
    case 'file.replace':
      if (errnoName === 'ENOENT') return error('NOT_FOUND', removed(basename(operation.path, '.json')))
      if (errnoName === 'ESTALE') return error('CONFLICT', `Another process changes the sandbox ${basename(operation.path, '.json')} at this moment. Try again.`)
      break
    case 'netns.create':
      if (errnoName === 'EEXIST') {
        return error('CONFLICT', `${operation.path} exists already and is not a sandbox of Slipway here. Choose another name, or remove it: ip netns delete ${basename(operation.path)}.`)
      }
      break
    case 'port.reserve': {
      const port = `${operation.address}:${operation.port}/${operation.protocol}`
      if (errnoName === 'EADDRINUSE') {
        const kind = { tcp: 'lt', udp: 'u', sctp: 'lS' }[operation.protocol]
        return error('PORT_IN_USE', `The host port ${port} is in use by a process on the host (ss -H${kind}np sport = :${operation.port} tells which). Stop it, or publish another port.`)
      }
      if (errnoName === 'EPROTONOSUPPORT') return error('UNSUPPORTED', `This kernel does not know ${operation.protocol}, so ${port} cannot be published. Load it (modprobe ${operation.protocol}), or publish another protocol.`)
      if (errnoName === 'EADDRNOTAVAIL') return error('INVALID_ARGUMENT', `${operation.address} is no address of this host, so ${port} cannot be published on it. ip address shows what there is.`)
      break
    }
    case 'element.add':
      if (errnoName === 'EEXIST') return explainClaim(operation, refused.element, host, error)
      break
    case 'link.create':
      if (errnoName === 'EXFULL') return error('EXHAUSTED', `The bridge ${operation.master} has no room: a Linux bridge takes 1,023 ports. Remove sandboxes first.`)
      break
    default:
      break
  }
  if (isForbidden(refusal)) return error('PERMISSION', forbidden(refusal))
  return error('KERNEL', `The kernel refused "${refusal.operation}": ${errnoName}${words(refusal)}.`)
}

async function explainClaim(
  operation: ElementAdd,
  index: number,
  host: Host,
  error: (code: 'PORT_IN_USE' | 'ADDRESS_IN_USE' | 'CONFLICT', message: string) => SlipwayError,
): Promise<SlipwayError> {
  const key = operation.elements[index]?.key ?? ''
  const owner = await ownerOf(operation, key, host)
  if (operation.set === addresses[4].set) return error('ADDRESS_IN_USE', addressInUse(key, owner))
  if (portMaps.some(({ set }) => set === operation.set)) {
    return error('PORT_IN_USE', portInUse(key.split(' . ').slice(-2).reverse().join('/'), owner))
  }
  return error('CONFLICT', `"${key}" is in the set ${operation.set} already${owner ? `, for ${owner}` : ''}.`)
}

/** Name of the sandbox that an element belongs to, as the kernel has it; `undefined` when there is no such element. */
export async function ownerOf(set: SetDefinition, key: string, host: Host): Promise<string | undefined> {
  const element = await host.find('element', { ...set, key })
  return element && (readOwner(element.comment)?.name ?? element.comment)
}

export const nameInUse = (name: string): string => `The name "${name}" is in use by another sandbox. Choose another, or remove that one: slipway rm ${name}.`

export const removed = (name: string): string => `The sandbox ${name} was removed.`

export const addressInUse = (address: string, owner: string | undefined): string =>
  `The address ${address} is in use${owner ? ` by the sandbox ${owner}` : ''}. Choose another, or leave ip out and a free one is taken.`

/** @param port - `8080/tcp` */
export const portInUse = (port: string, owner: string | undefined): string =>
  `The host port ${port} is published already${owner ? ` by the sandbox ${owner}` : ''}. Choose another, or unpublish that one.`
