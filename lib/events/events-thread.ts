/**
 * The thread that follows the records of a host. {@link RecordsThread} starts it.
 *
 * @internal
 */
import { parentPort, workerData } from 'node:worker_threads'
import { driverShapes } from '../store/driver-shapes.js'
import { RecordsFollower } from './follow-records.js'
import type { FollowedFolders, FromThread } from './thread-messages.js'

const folders = workerData as FollowedFolders

// What records have of a driver, it alone reads. No driver comes to this thread, and nothing of it is told.
const unread = () => undefined
for (const driver of folders.drivers) driverShapes.set(driver, { network: unread, endpoint: unread })

const follower = new RecordsFollower(folders, (message: FromThread) => parentPort?.postMessage(message))
// Where it throws, the thread ends, and is started again.
void follower.begin()
// It ends with its owner, who ends it.
parentPort?.ref()
