/**
 * What the commands do, but for the large ones (explain, doctor, bench) and those of runtimes (serve, netavark, cni,
 * oci-hook): one file to be loaded once a command line has been understood.
 */
export { connect, disconnect } from './connect.js'
export { create } from './create.js'
export { events } from './events.js'
export { exec } from './exec.js'
export { files } from './files.js'
export { inspect } from './inspect.js'
export { list } from './list.js'
export { createNetwork } from './network/create.js'
export { inspectNetworks } from './network/inspect.js'
export { listNetworks } from './network/list.js'
export { pruneNetworks } from './network/prune.js'
export { removeNetworks } from './network/remove.js'
export { port, publish, unpublish } from './ports.js'
export { prune } from './prune.js'
export { remove } from './remove.js'
export { run } from './run.js'
export { stats } from './stats.js'
export { uninstall } from './uninstall.js'
