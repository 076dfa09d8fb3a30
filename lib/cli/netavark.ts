import { API_VERSION, perform, type Action } from '../servers/netavark/plugin.js'
import { UsageError } from './failures.js'
import { printJson } from './output.js'
import { ownVersion } from './own-version.js'
import { readStdin } from './stdin.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

/** `slipway netavark`: what netavark calls a plugin with. Errors are for netavark, too: on stdout. */
export async function netavark(host: GivenHost, action: Action | 'info', netns?: string): Promise<void> {
  try {
    if (action === 'info') return printJson({ version: ownVersion(), api_version: API_VERSION })
    if (action !== 'create' && netns === undefined)
      throw new UsageError(`netavark ${action}: name the network namespace, as in netavark ${action} /run/netns/web.`)
    const input = await readStdin('netavark writes a network and a container there')
    const how = action === 'teardown' ? { wait: true } : {}
    const answer = await withSlipway(host, (slipway) => perform(slipway, action, netns ?? '', input), how)
    if (answer !== undefined) printJson(answer)
  } catch (error) {
    printJson({ error: (error as Error).message })
    process.exitCode = 1
  }
}
