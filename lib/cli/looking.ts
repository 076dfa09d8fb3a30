import { DefaultBridge, type ReadyBridge } from '../network/default-bridge.js'
import { Host } from '../host.js'
import type { Settings } from '../options.js'
import { DynamicPorts } from '../ports/dynamic-ports.js'
import { Holders } from '../ports/holders.js'
import { PortTable } from '../ports/port-table.js'
import { holdersFolder, recordsFolder, Work, type Context } from '../sandbox/context.js'
import { Reaper } from '../sandbox/reaper.js'
import { Turns } from '../turns.js'

/** A host that is only looked at: the kernel is asked, and no plan is run. */
class LookingHost extends Host {
  override async run(): Promise<void> {}
}

class LookingBridge extends DefaultBridge {
  override async ensure(): Promise<ReadyBridge> {
    return (await this.preview()).ready
  }
}

/** What the library works with, on a host that it cannot change. */
export async function looking<T>(settings: Settings, look: (context: Context) => Promise<T>): Promise<T> {
  const host = new LookingHost(settings.netns)
  try {
    return await look({
      host,
      settings,
      records: recordsFolder(settings, host),
      bridge: new LookingBridge(host, settings),
      ports: new PortTable(),
      dynamicPorts: new DynamicPorts(host),
      holders: new Holders(host, holdersFolder(settings, host)),
      turns: new Turns(),
      reaper: new Reaper(host),
      work: new Work(),
    })
  } finally {
    await host.close()
  }
}
