/**
 * The thread that answers names: what it is told of networks, it does. {@link NamesThread} starts it.
 *
 * @internal
 */
import { parentPort, workerData } from 'node:worker_threads'
import { passOverDrivers } from '../store/driver-shapes.js'
import { ServedNames } from './served-names.js'
import type { FromThread, ServedHost, ToThread } from './thread-messages.js'

const host = workerData as ServedHost

passOverDrivers(host.drivers)

const served = new ServedNames(host)

const say = (message: FromThread): void => parentPort?.postMessage(message)

parentPort?.on('message', (message: ToThread) => {
  if ('serve' in message) served.serve(message.serve)
  else void served.stop(message.stop).then(() => say({ stopped: message.stop }))
})
