/**
 * The thread that follows the records of a host. {@link RecordsThread} starts it.
 *
 * @internal
 */
import { parentPort, workerData } from 'node:worker_threads'
import { passOverDrivers } from '../store/driver-shapes.js'
import { RecordsFollower } from './follow-records.js'
import type { FollowedFolders, FromThread } from './thread-messages.js'

const folders = workerData as FollowedFolders

passOverDrivers(folders.drivers)

const follower = new RecordsFollower(folders, (message: FromThread) => parentPort?.postMessage(message))
// Where it throws, the thread ends, and is started again.
void follower.begin()
// It ends with its owner, who ends it.
parentPort?.ref()
