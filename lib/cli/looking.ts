import { Host } from '../kernel/host.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { NetworkRegistry } from '../networks/registry.js'
import type { Settings } from '../base/settings.js'
import { type Context } from '../work/context.js'
import { stateFolder, stateFolders } from '../store/state-folder.js'
import { makeContext } from '../api/slipway.js'
import { requireOwnFolders } from '../store/own-folder.js'

/** A host that is only looked at: the kernel is asked, and no plan is run. */
class LookingHost extends Host {
  override readonly onlyLooks = true

  override async run(): Promise<undefined> {
    return undefined
  }
}

/** Networks as they are, or would be made. */
class LookingNetworks extends NetworkRegistry {
  override async ready(name: string): Promise<ReadyNetwork> {
    return (await this.preview(name)).ready
  }

  override async ensureRuleset(): Promise<string[]> {
    return []
  }

  override async restore(): Promise<boolean> {
    return false
  }
}

/** What the library works with, on a host that it cannot change. */
export async function looking<T>(settings: Settings, look: (context: Context) => Promise<T>): Promise<T> {
  const host = new LookingHost(settings.netns)
  const networks = new LookingNetworks(host, settings, {
    networks: stateFolder(settings, host, 'networks'),
    sandboxes: stateFolder(settings, host, 'sandboxes'),
  })
  try {
    requireOwnFolders(settings.stateDir, stateFolders(host))
    return await look({ ...makeContext(host, settings, false), networks })
  } finally {
    await host.close()
  }
}
