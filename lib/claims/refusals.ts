import { basename, dirname } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { isResolverElement } from '../policy/resolver-elements.js'
import { claimedAddress, isAddressClaim, isSubnets, macs, portMaps, published, publishedAt } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import {
  explainForbidden,
  isForbidden,
  isIpv6Off,
  isTooMuch,
  PlanRefused,
  explainTooMuch,
  kernelWords,
} from '../kernel/refusal.js'
import { familyOf } from '../base/addresses/ip.js'
import { overlap, parseSubnet } from '../base/addresses/subnet.js'
import type { ElementInfo } from '../kernel/native.js'
import type {
  AddressAdd,
  ElementAdd,
  LinkCreate,
  Operation,
  PortHold,
  SetDefinition,
  SysctlWrite,
} from '../plan/operation.js'
import { ssCommand } from '../plan/print-shell.js'
import type { Holders } from './ports/holders.js'
import { isEvery } from '../base/addresses/every.js'
import { bracket } from '../base/port-mapping.js'
import { inWords, mayNotWrite, shortage } from '../base/shortage.js'
import { explainTrouble } from '../base/trouble.js'
import { readOwner } from '../store/owner.js'
import { sleep } from '../base/timers.js'
import { takenOnSegment } from './taken-on-segment.js'

/**
 * The error that a refused plan becomes for the caller: what is taken, by whom, and what to do. Nothing of the plan
 * is left by then.
 */
export async function explainRefusal(refused: PlanRefused, host: Host, holders?: Holders): Promise<SlipwayError> {
  const { operation, errnoName, refusal } = refused
  const error = (code: ConstructorParameters<typeof SlipwayError>[0], message: string) =>
    new SlipwayError(code, message, refusal, { cause: refused })

  const netns = namespaceOf(operation)
  if (netns !== undefined && NOT_OPENED.includes(refusal.syscall) && NO_LONGER.includes(errnoName))
    return error('NOT_FOUND', namespaceGone(netns))
  switch (operation.op) {
    case 'file.create':
      if (errnoName === 'EEXIST')
        return error(
          'CONFLICT',
          isNetwork(operation.path) ? networkNameInUse(nameOf(operation)) : nameInUse(nameOf(operation)),
        )
      break
    case 'file.check':
    case 'file.replace':
      if (isNetwork(operation.path) && (errnoName === 'ENOENT' || errnoName === 'ESTALE'))
        return error('NOT_FOUND', networkRemoved(nameOf(operation)))
      if (errnoName === 'ENOENT') return error('NOT_FOUND', removed(nameOf(operation)))
      if (errnoName === 'ETIMEDOUT')
        return error(
          'CONFLICT',
          `Another process has had the record ${operation.path} locked for seconds (fuser ${operation.path} tells which): nothing was changed. End it, or try again.`,
        )
      if (errnoName === 'ESTALE')
        return error('CONFLICT', `Another process changes the sandbox ${nameOf(operation)} at this moment. Try again.`)
      break
    case 'netns.bind':
      if (NO_LONGER.includes(errnoName))
        return error(
          'NOT_FOUND',
          `There is no network namespace ${operation.from} any more: the sandbox that was to be joined has gone.`,
        )
      if (errnoName === 'EEXIST') return error('CONFLICT', nameTakenInNetns(operation.path))
      break
    case 'netns.create':
      if (errnoName === 'EEXIST') return error('CONFLICT', nameTakenInNetns(operation.path))
      break
    case 'port.hold': {
      const port = `${operation.address}:${operation.port}/${operation.protocol}`
      if (errnoName === 'EADDRINUSE') {
        const owner = await publisherOf(operation, host, holders)
        if (owner !== undefined)
          return error('PORT_IN_USE', portInUse(`${operation.port}/${operation.protocol}`, owner))
        return error(
          'PORT_IN_USE',
          `The host port ${port} is in use by a process on the host (${ssCommand(operation)} tells which). Stop it, or publish another port.`,
        )
      }
      if (errnoName === 'EADDRNOTAVAIL')
        return error(
          'INVALID_ARGUMENT',
          `${operation.address} is no address of this host, so ${port} cannot be published on it. ip address shows what there is.`,
        )
      break
    }
    case 'element.add':
      if (errnoName === 'EEXIST' || errnoName === 'ENOTEMPTY')
        return explainClaim(operation, refused.element, host, error)
      break
    case 'link.create':
      if (operation.link !== undefined) {
        const said = await explainParent(operation, errnoName, host)
        if (said) return error(said.code, said.message)
      }
      // A link that is made as a port of a bridge is refused so where it is one already.
      if (errnoName === 'EOPNOTSUPP' && operation.master === undefined)
        return error('UNSUPPORTED', unknownKind(operation.kind))
      if (errnoName === 'EEXIST' && operation.kind === 'bridge') return error('CONFLICT', bridgeInUse(operation.name))
      if (errnoName === 'EEXIST' && operation.peer)
        return error(
          'CONFLICT',
          `There is an interface ${operation.peer.name} in ${operation.peer.netns} already. Give the network another prefix for interfaces (com.docker.network.container_iface_prefix), or rename that one.`,
        )
      if (errnoName === 'ENODEV' && operation.master)
        return error(
          'NOT_FOUND',
          `The bridge ${operation.master} is not there: somebody has deleted it. Remove the network and create it anew.`,
        )
      if (errnoName === 'EXFULL')
        return error(
          'EXHAUSTED',
          `The bridge ${operation.master} has no room: a Linux bridge takes 1,023 ports, and a network has further bridges only where the host is its gateway. Remove sandboxes first.`,
        )
      break
    case 'link.set':
    case 'address.add': {
      const said = takenOnSegment(refused)
      if (said !== undefined) return error('ADDRESS_IN_USE', said)
      if (operation.op === 'address.add' && isIpv6Off(refused)) return error('UNSUPPORTED', ipv6Off(operation))
      break
    }
    case 'sysctl.write':
      if (isForbidden(refusal) || errnoName === 'EROFS') return error('PERMISSION', notWritten(operation, errnoName))
      break
    case 'route.add':
      if (errnoName === 'EEXIST' && operation.netns === undefined)
        return error(
          'CONFLICT',
          `The host has a route to ${operation.destination} already (ip route show ${operation.destination}), and it is not Slipway's. Remove it, or keep the address out of the network (an auxiliary address).`,
        )
      break
    default:
      break
  }
  const trouble = explainTrouble(refusal)
  if (trouble) return error(...trouble)
  const path = 'path' in operation && !('netns' in operation) ? operation.path : undefined
  const isFile = operation.op.startsWith('file.') && path !== undefined
  // Of a namespace, a path is only what it is bound to.
  const ofPath =
    path !== undefined &&
    (isFile ? errnoName !== 'EIO' || FILE_CALLS.includes(refusal.syscall) : NO_ROOM.includes(errnoName))
  const short = ofPath ? shortage(errnoName, path) : undefined
  if (short !== undefined) return error('KERNEL', short)
  if (isForbidden(refusal)) {
    // A right that is lacking is EPERM.
    const isOfPath = isFile || (path !== undefined && errnoName === 'EACCES')
    return error('PERMISSION', isOfPath ? mayNotWrite(errnoName, path) : explainForbidden(refusal))
  }
  if (isTooMuch(refusal)) return error('EXHAUSTED', explainTooMuch(refusal))
  return error('KERNEL', `The kernel refused "${refusal.operation}": ${errnoName}${kernelWords(refusal)}.`)
}

/** What says that nothing can be written where a path leads. */
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EROFS']
/** What a disk that has failed answers with EIO. */
const FILE_CALLS = ['open', 'read', 'write', 'stat', 'fchmod', 'rename', 'linkat', 'unlink', 'mkdir']

/** As a caller gets what came up, whatever that is. */
export const explained = async (error: unknown, host: Host): Promise<unknown> =>
  error instanceof PlanRefused ? explainRefusal(error, host) : inWords(error)

/** By which a namespace is opened, and what is said of one that is gone, whatever is in its place. */
const NOT_OPENED = ['open', 'fstat', 'fstatfs', 'ioctl']
const NO_LONGER = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENOTTY', 'ESTALE']

/** Path of the namespace that an operation is for. */
function namespaceOf(operation: Operation): string | undefined {
  if (operation.op === 'netns.check') return operation.path
  if (operation.op === 'link.create') return operation.peer?.netns ?? operation.netns
  return operation.op !== 'sysctl.write' && 'netns' in operation ? operation.netns : undefined
}

export const namespaceGone = (path: string): string =>
  `The network namespace that this sandbox has is not at ${path} any more: it was deleted, or its process has ended, and what is there now, if anything, is another one or the host's. Nothing was done there. Remove the sandbox and create it anew.`

/** A process that holds a port has it published within this many steps of this many milliseconds. */
const STEPS = 20
const STEP_MS = 5

/**
 * Name of the sandbox that a host port is published for, by whichever process holds it; `undefined` when there is none.
 */
async function publisherOf(port: PortHold, host: Host, holders: Holders | undefined): Promise<string | undefined> {
  const found = await findPublisher(port, host)
  if (found !== undefined || !holders?.hasOthers()) return found
  for (let step = 0; step < STEPS; step++) {
    await sleep(STEP_MS)
    const late = await findPublisher(port, host)
    if (late !== undefined) return late
  }
  return undefined
}

/** A port on every address of a family and the same on one of them exclude each other, and stand in two maps. */
async function findPublisher({ protocol, address, port }: PortHold, host: Host): Promise<string | undefined> {
  const family = familyOf(address)
  const key = `${protocol} . ${port}`
  const everywhere = await ownerOf(published[family], key, host)
  if (everywhere !== undefined || !isEvery(address))
    return everywhere ?? ownerOf(publishedAt[family], `${address} . ${key}`, host)
  const one = (await host.find('elements', publishedAt[family]))?.find((element) => element.key.endsWith(` . ${key}`))
  return one && nameIn(one.comment)
}

async function explainClaim(
  operation: ElementAdd,
  index: number,
  host: Host,
  error: (code: 'PORT_IN_USE' | 'ADDRESS_IN_USE' | 'CONFLICT', message: string) => SlipwayError,
): Promise<SlipwayError> {
  const key = operation.elements[index]?.key ?? ''
  const owner = await ownerOf(operation, key, host)
  if (isAddressClaim(operation)) {
    const address = claimedAddress(key)
    return error('ADDRESS_IN_USE', addressInUse(address, owner, familyOf(address) === 4 ? 'ip' : 'ip6'))
  }
  if (operation.set === macs.set)
    return error(
      'ADDRESS_IN_USE',
      macInUse(key.split(' . ')[1] ?? '', await host.find('element', { ...operation, key })),
    )
  if (isSubnets(operation)) return error('CONFLICT', subnetInUse(key, (await host.find('elements', operation)) ?? []))
  if (operation.set.startsWith('same_network'))
    return error(
      'CONFLICT',
      `The subnet ${key.split(' . ')[0]} overlaps one of another network of this host. Choose another.`,
    )
  if (portMaps.some(({ set }) => set === operation.set)) {
    // Of a whole address it is all of the key.
    const [port = '', protocol, address] = key.split(' . ').reverse()
    const element = await host.find('element', { ...operation, key })
    if (element && isResolverElement(element))
      return error(
        'PORT_IN_USE',
        `On ${address}:${port}/${protocol}, the names of the network ${element.comment} are served. Publish it on another address of the host, or on all (${port}:${port}).`,
      )
    return error('PORT_IN_USE', portInUse(protocol === undefined ? `${bracket(port)}:*` : `${port}/${protocol}`, owner))
  }
  return error('CONFLICT', `"${key}" is in the set ${operation.set} already${owner ? `, for ${owner}` : ''}.`)
}

/** Whether a plan was refused as another network has a subnet. */
export const isSubnetTaken = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op === 'element.add' && isSubnets(operation) && (errnoName === 'EEXIST' || errnoName === 'ENOTEMPTY')

/** Name of the sandbox that an element belongs to, as the kernel has it; `undefined` when there is no such element. */
export async function ownerOf(set: SetDefinition, key: string, host: Host): Promise<string | undefined> {
  const element = await host.find('element', { ...set, key })
  return element && nameIn(element.comment)
}

const nameIn = (comment: string): string => readOwner(comment)?.name ?? comment

export const nameInUse = (name: string): string =>
  `The name "${name}" is in use by another sandbox. Choose another, or remove that one: slipway rm ${name}.`

const nameTakenInNetns = (path: string): string =>
  `${path} exists already and is not a sandbox of Slipway here. Choose another name, or, if nothing needs it, remove it: ip netns delete ${basename(path)}.`

/** @param holder - The element that has it: of a sandbox, or of the network, whose bridge has the address then. */
function macInUse(mac: string, holder: ElementInfo | undefined): string {
  const sandbox = holder && readOwner(holder.comment)?.name
  return `The MAC address ${mac} is in use on this network${sandbox === undefined ? (holder ? ' by its bridge' : '') : ` by the sandbox ${sandbox}`}. Choose another, or leave mac out and a free one is taken.`
}

function subnetInUse(text: string, claimed: readonly ElementInfo[]): string {
  const subnet = parseSubnet(text)
  const holder = claimed.find(({ key }) => {
    const other = parseSubnet(key)
    return subnet && other && overlap(subnet, other)
  })
  return `The subnet ${text} is not free: ${holder ? `the network ${holder.comment} has ${holder.key}` : 'it overlaps one of another network of this host'}. Choose another.`
}

export const networkNameInUse = (name: string): string =>
  `There is a network "${name}" already. Choose another name, or remove that one: slipway network rm ${name}.`

export const bridgeInUse = (name: string): string =>
  `There is an interface ${name} already. Choose another name for the bridge (com.docker.network.bridge.name), or, if nothing needs it, remove it: ip link delete ${name}.`

const networkRemoved = (name: string): string => `The network ${name} was removed.`

const nameOf = ({ path }: { path: string }): string => basename(path, '.json')

/** Records of networks and of sandboxes lie in folders of their own. */
const isNetwork = (path: string): boolean => basename(dirname(path)) === 'networks'

export const removed = (name: string): string => `The sandbox ${name} was removed.`

export const addressInUse = (address: string, owner: string | undefined, option: 'ip' | 'ip6'): string =>
  `The address ${address} is in use${owner ? ` by the sandbox ${owner}` : ''}. Choose another, or leave ${option} out and a free one is taken.`

/** @param port - `8080/tcp` */
export const portInUse = (port: string, owner: string | undefined): string =>
  `The host port ${port} is published already${owner ? ` by the sandbox ${owner}` : ''}. Choose another, or unpublish that one.`

/** Why a link that is to be a part of another was refused. */
async function explainParent(
  { link: parent = '', kind, mode }: LinkCreate,
  errnoName: string,
  host: Host,
): Promise<{ code: 'NOT_FOUND' | 'CONFLICT'; message: string } | undefined> {
  if (errnoName === 'ENODEV' && !(await host.find('link', { name: parent })))
    return {
      code: 'NOT_FOUND',
      message: `The link ${parent}, the parent of the network, is not there any more. Once it is back, try again.`,
    }
  if (errnoName === 'EBUSY')
    return {
      code: 'CONFLICT',
      message: `The link ${parent} can be no parent of ${kind} links now: it is a port of a bridge, or has links of another kind (ip -d link show ${parent}). Use another parent.`,
    }
  if (errnoName === 'EINVAL' && kind === 'macvlan')
    return {
      code: 'CONFLICT',
      message: `The link ${parent} takes no macvlan in mode ${mode ?? 'vepa'}: one in mode passthru has it to itself. Remove that sandbox, or use another parent.`,
    }
  return undefined
}

const ipv6Off = ({ netns, link }: AddressAdd): string =>
  `IPv6 is turned off on the link ${link}${netns === undefined ? '' : ` in ${netns}`} by the setting net.ipv6.conf.${link}.disable_ipv6, and cannot be turned on here. Turn it on, or use a network without IPv6.`

const notWritten = ({ netns, key, value }: SysctlWrite, errnoName: string): string =>
  `The setting ${key} has to be ${value}${netns === undefined ? '' : ` in ${netns}`}, and the kernel refuses to have it written from here (${errnoName}: /proc/sys may be read-only in this mount namespace, or another user namespace owns the network namespace). Set it from outside: sysctl -w ${key}=${value}.`

const unknownKind = (kind: LinkCreate['kind']): string =>
  `This kernel knows no links of the kind ${kind}. Load its module: modprobe ${kind === 'vlan' ? '8021q' : kind}${kind === 'dummy' ? '; or name a parent, and none is made' : ''}.`
