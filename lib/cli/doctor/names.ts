import { connect, type LookupFunction } from 'node:net'
import { SlipwayError } from '../../base/errors.js'
import { RESOLVER_PORT, resolverAddresses } from '../../policy/resolver-elements.js'
import { familyOf } from '../../base/addresses/ip.js'
import { enter } from '../../kernel/native.js'
import type { Context } from '../../work/context.js'
import type { StoredNetwork } from '../../store/network-records.js'
import { note, ok, problem, type Finding } from './finding.js'

/** How long, in milliseconds, a resolver on this host may take to accept a connection: its event loop may be busy. */
const PATIENCE_MS = 1000

/** Whether somebody serves the names of user-defined networks. */
export async function checkNames({ networks, settings }: Context): Promise<Finding[]> {
  const check = 'names'
  const served: string[] = []
  const resting: string[] = []
  let stored: StoredNetwork[]
  try {
    stored = await networks.list()
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return [problem(check, error.message)]
  }
  for (const { record } of stored) {
    const [address] = resolverAddresses(record.spec)
    if (address !== undefined) ((await accepts(settings.netns, address)) ? served : resting).push(record.name)
  }
  if (resting.length > 0)
    return [
      note(
        check,
        `no process serves the names of ${resting.join(', ')}: they have no answer until a process opens the host and stays`,
        'keep a Slipway.open() in a process of its own',
      ),
    ]
  return [ok(check, served.length === 0 ? 'no network that has them' : `served: ${served.join(', ')}`)]
}

/** Whether a resolver accepts connections at an address of the host. */
function accepts(netns: string | undefined, address: string): Promise<boolean> {
  // A name, since an address would be connected to later and elsewhere; the lookup says at once which address it is.
  const lookup: LookupFunction = (_name, _options, answer) => answer(null, address, familyOf(address))
  const open = () =>
    connect({ host: 'resolver', port: RESOLVER_PORT, autoSelectFamily: false, lookup, timeout: PATIENCE_MS })
  const socket = netns === undefined ? open() : enter(netns, open)
  return new Promise((resolve) => {
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false))
  })
}
