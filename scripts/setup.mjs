// Why: `npm start` and `npm test` are the only commands a newcomer types, so each first makes ready whatever is missing
// or out of date, here. Plain Node without dependencies: node_modules may not exist yet.
//
//   node scripts/setup.mjs [build|start|contain|bench|peers|test|long|guest [RELEASE]|compare|fuzz|check|tidy|dev]
//
// What for decides which Debian packages are needed.
import { ensurePackages, purposes } from './setup/packages.mjs'
import { ensureDependencies } from './setup/dependencies.mjs'
import { ensureAddon } from './setup/addon.mjs'
import { ensureClients } from './setup/clients.mjs'
import { ensureCni } from './setup/cni.mjs'
import { ensureFaults } from './setup/faults.mjs'
import { ensureContainerd, ensureDocker, ensureDockerCommand } from './setup/docker.mjs'
import { ensureFloor } from './setup/floor.mjs'
import { ensureGuest } from './setup/guest.mjs'
import { ensureKiller } from './setup/killer.mjs'
import { ensurePeers } from './setup/peers.mjs'
import { compile } from './setup/typescript.mjs'
import { holdLock } from './setup/lock.mjs'
import { fail, SetupError } from './setup/say.mjs'

const purpose = process.argv[2] ?? 'build'

try {
  if (!purposes.includes(purpose)) throw new SetupError(`Set up for what? One of: ${purposes.join(', ')}.`)
  requireNode(20, 19)
  const release = await holdLock()
  ensurePackages(purpose)
  ensureDependencies()
  ensureAddon()
  ensureCni()
  ensureFloor()
  if (['test', 'long', 'guest', 'dev'].includes(purpose)) ensureKiller()
  if (['test', 'long', 'dev'].includes(purpose)) ensureDockerCommand()
  if (['compare', 'peers', 'long'].includes(purpose)) ensureDocker()
  if (purpose === 'peers' || purpose === 'long') ensurePeers()
  if (purpose === 'long') ensureContainerd()
  if (purpose === 'long') ensureClients()
  if (purpose === 'guest') ensureGuest(process.argv[3])
  await compile()
  ensureFaults()
  release()
} catch (error) {
  fail(error)
}

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number)
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return
  throw new SetupError(`Slipway needs Node.js ${major}.${minor} or newer, and this is ${process.version}.`)
}
