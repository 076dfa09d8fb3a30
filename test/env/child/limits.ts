import { readFileSync, promises, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Slipway, type Sandbox } from '#lib/index.js'
import { Faults } from '../../helpers/faults/faults.js'
import { difference, kernelState } from '../../helpers/snapshot.js'
import { eventually } from '../../helpers/world.js'
import { describe, name, say, turn, type Options } from './options.js'

/** Limits of the kernel that this process reaches, and what its calls say then. */

/** The namespace of a process that has one of its own. */
const OWN = { name: 'host', path: '/proc/self/ns/net' }

const said = (call: Promise<unknown>): Promise<unknown> => call.then(() => 'done', describe)

/** Has a call refused, sees that nothing of it is left, and says both. */
async function refused(call: () => Promise<unknown>): Promise<unknown> {
  const before = kernelState(OWN)
  const told = await said(call())
  let left: string[] = []
  await eventually(() => (left = difference(before, kernelState(OWN))).length === 0)
  return { told, left }
}

export const limits = {
  /** The network namespaces of a user namespace of its own. */
  async fewNamespaces(options: Options) {
    writeFileSync('/proc/sys/user/max_net_namespaces', '6')
    const slipway = await Slipway.open(options.open)
    const made: Sandbox[] = []
    const create = async () => made.push(await slipway.sandboxes.create({ publish: [`${8000 + made.length}:80`] }))
    let last: unknown
    for (let number = 0; number < 9 && last === undefined; number++)
      last = await create().then(
        () => undefined,
        (error: unknown) => error,
      )
    say({ made: made.length, ...((await refused(create)) as object) })
    await made.shift()?.remove()
    await slipway.close({ wait: true })
    const again = await Slipway.open(options.open)
    // The kernel takes one down behind everybody's back.
    let later: unknown
    await eventually(async () => (later = await said(again.sandboxes.create({ publish: ['9000:90'] }))) === 'done')
    say(later)
    await again.close()
  },

  /** Processes and threads of a control group of its own. */
  async fewProcesses(options: Options) {
    const { group = '' } = options
    const limit = (most: number | string) => writeFileSync(join(group, 'pids.max'), String(most))
    const current = () => Number(readFileSync(join(group, 'pids.current'), 'utf8'))
    writeFileSync(join(group, 'cgroup.procs'), String(process.pid))
    // Node.js ends where it has no threads for files.
    await Promise.all(Array.from({ length: 8 }, () => promises.stat('/')))
    await turn(50)
    const before = current()
    for (const more of [0, 1, 2]) {
      limit(before + more)
      say(await said(Slipway.open(options.open)))
      // Of those that were started, none is left.
      say(await eventually(() => current() === before))
    }
    limit('max')
    const slipway = await Slipway.open(options.open)
    const app = await slipway.sandboxes.create({ name: name(options, 'app') })
    await turn(50)
    limit(current())
    const calls: Record<string, () => Promise<unknown>> = {
      'networks.create': () => slipway.networks.create({ name: 'web' }),
      create: () => slipway.sandboxes.create({ name: name(options, 'b'), network: 'web', publish: ['8080:80'] }),
      connect: () => app.connect('web'),
      disconnect: () => app.disconnect('web'),
      publish: () => app.publish('8081:81'),
      exec: () => app.exec('true'),
      remove: async () => (await slipway.sandboxes.get(name(options, 'b'))).remove(),
    }
    const told: Record<string, unknown> = {}
    for (const [call, make] of Object.entries(calls)) told[call] = await said(make())
    say(told)
    limit('max')
    say(await said(app.exec('true')))
    await app.remove()
    await slipway.close({ wait: true })
  },

  /** Lists and opens while others change what is read, until that was told by the kernel a few times. */
  async interrupted(options: Options) {
    const faults = new Faults(process.env['SLIPWAY_FAULTS'] ?? '')
    const slipway = await Slipway.open(options.open)
    say('open')
    faults.begin({ what: 'interrupted', errno: 'EINTR', times: 1_000_000 })
    const ended: unknown[] = []
    for (let round = 0; round < 200 && faults.look().hit < 20; round++) {
      ended.push(await said(Promise.all([slipway.sandboxes.list(), slipway.networks.list()])))
      ended.push(await said(Slipway.open(options.open).then((opened) => opened.close())))
      ended.push(await said(slipway.networks.create({ name: 'web' })))
      ended.push(await said(slipway.networks.get('web').then((web) => web.remove())))
    }
    say({ ...faults.end(), ended: [...new Set(ended.map((one) => JSON.stringify(one)))] })
    await slipway.close()
  },
}
