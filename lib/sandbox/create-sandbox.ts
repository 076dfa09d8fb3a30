import * as bridge from '../drivers/bridge.js'
import * as hostDriver from '../drivers/host.js'
import * as none from '../drivers/none.js'
import { invalid, SlipwayError } from '../errors.js'
import { addresses } from '../firewall/sets.js'
import { PlanRefused } from '../host.js'
import { refillPool, type ReadyBridge } from '../network/default-bridge.js'
import type { Plan } from '../plan/operation.js'
import { claimPorts, wasGuessedPort } from '../ports/claim-ports.js'
import type { PortMapping } from '../ports/mapping.js'
import { PortGuesses } from '../ports/port-guesses.js'
import { addressInUse, explainRefusal, ownerOf } from '../refusals.js'
import { missesElements, reconcile } from '../reconcile.js'
import { ownerComment, store, thisProcess, type SandboxRecord, type StoredRecord } from '../state/records.js'
import { randomId } from '../state/random-id.js'
import { hostPath, NETNS_FOLDER, type Context } from './context.js'
import { publishScope, type CreateRequest } from './create-options.js'

/** An address that was a guess, and that another process has taken, is chosen anew, this many times. */
const TRIES = 32

/** Makes a sandbox: all of it, or nothing. */
export async function createSandbox(context: Context, request: CreateRequest): Promise<StoredRecord> {
  const { host } = context
  const guesses = new PortGuesses()
  for (let attempt = 1; ; attempt++) {
    const draft = await draftSandbox(context, request, guesses)
    try {
      if (draft.stored.record.ports.length > 0) context.holders.join()
      await host.run(draft.plan)
      draft.settle()
      return draft.stored
    } catch (error) {
      draft.release()
      if (!(error instanceof PlanRefused)) throw error
      if (attempt === 1 && missesElements(error)) {
        await reconcile(context)
        continue
      }
      if (attempt < TRIES && (await wasGuessedAddress(context, request, error))) continue
      if (await wasGuessedPort(context, guesses, error)) continue
      throw await explainRefusal(error, host, context.holders)
    }
  }
}

/** The plan that would make a sandbox, after what is missing on the host. Writes nothing and keeps nothing. */
export async function explainSandbox(context: Context, request: CreateRequest): Promise<Plan> {
  if (request.network !== 'bridge') return (await draftSandbox(context, request, new PortGuesses())).plan
  const { ready, missing } = await context.bridge.preview()
  const draft = await draftSandbox(context, request, new PortGuesses(), ready)
  draft.release()
  return [...missing, ...draft.plan]
}

interface Draft {
  plan: Plan
  stored: StoredRecord
  /** The kernel has what the draft has taken in this process's tables. */
  settle(): void
  /** Gives it back. */
  release(): void
}

const nothing = { settle: () => undefined, release: () => undefined }

async function draftSandbox(context: Context, request: CreateRequest, guesses: PortGuesses, preview?: ReadyBridge): Promise<Draft> {
  const id = randomId()
  const name = request.name ?? id.slice(0, 12)
  const path = request.network === 'host' ? hostPath(context.settings) : `${NETNS_FOLDER}/${name}`
  const record: SandboxRecord = {
    version: 1,
    id,
    name,
    network: request.network,
    path,
    created: new Date().toISOString(),
    maker: thisProcess(),
    ports: [],
  }
  const keep = (): { stored: StoredRecord; record: { path: string; content: string } } => {
    const stored = store(context.records, record)
    return { stored, record: { path: stored.path, content: stored.text } }
  }
  switch (request.network) {
    case 'host': {
      const { stored, record: file } = keep()
      return { plan: hostDriver.createSandbox({ record: file }), stored, ...nothing }
    }
    case 'none': {
      const { stored, record: file } = keep()
      return { plan: none.createSandbox({ path, record: file }), stored, ...nothing }
    }
    case 'bridge': {
      const ready = preview ?? (await context.bridge.ensure())
      const { network, pool, hairpin } = ready
      const address = await takeAddress(context, ready, request.ip)
      let ports: PortMapping[]
      try {
        const claimed = claimPorts(context, request.publish, name, publishScope(context.settings), guesses)
        ports = claimed instanceof Promise ? await claimed : claimed
      } catch (error) {
        pool.release(address)
        throw error
      }
      const endpoint = bridge.bridgeEndpoint(randomId(), address, request.mac)
      record.endpoint = { ...endpoint, prefix: network.prefix, gateway: network.gateway }
      record.ports = ports
      const { stored, record: file } = keep()
      const plan = bridge.createSandbox(network, { path, endpoint, ports, owner: ownerComment(name, id), record: file, hairpin })
      return {
        plan,
        stored,
        settle() {
          pool.settle(address)
          for (const mapping of ports) context.ports.settle(mapping)
        },
        release() {
          pool.release(address)
          for (const mapping of ports) context.ports.release(mapping)
        },
      }
    }
  }
}

async function takeAddress({ host }: Context, { network, pool }: ReadyBridge, wanted: string | undefined): Promise<string> {
  if (wanted === undefined) {
    // Other processes may have given back what they had.
    const address = pool.take() ?? (await refillPool(pool, host), pool.take())
    if (address !== undefined) return address
    throw new SlipwayError('EXHAUSTED', `No address is left in ${network.subnet}. Remove sandboxes, or open with a larger bip.`)
  }
  if (!pool.covers(wanted)) throw invalid(`ip ${wanted} lies outside the subnet ${network.subnet} of the network ${network.name}.`)
  if (pool.takeThis(wanted)) return wanted
  const reserved = wanted === network.address || wanted === network.gateway || wanted === network.broadcast || wanted === network.subnet.split('/')[0]
  if (reserved) throw invalid(`ip ${wanted} is the bridge's, gateway's, network's or broadcast address of ${network.subnet}. Choose another, or leave ip out and a free one is taken.`)
  // Taken as far as this process knows; another may have removed its sandbox since. The kernel's claim decides.
  const owner = await ownerOf(addresses[4], wanted, host)
  if (owner === undefined) return wanted
  throw new SlipwayError('ADDRESS_IN_USE', addressInUse(wanted, owner))
}

/** Whether a plan was refused for an address that had been chosen by us and not by the caller; if so, those in use are learned. */
async function wasGuessedAddress(context: Context, request: CreateRequest, { operation, errnoName }: PlanRefused): Promise<boolean> {
  if (operation.op !== 'element.add' || operation.set !== addresses[4].set || errnoName !== 'EEXIST' || request.ip !== undefined) return false
  await refillPool((await context.bridge.ensure()).pool, context.host)
  return true
}
