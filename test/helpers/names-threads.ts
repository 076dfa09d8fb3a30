import { Worker } from 'node:worker_threads'
import { NamesThread } from '#lib/names/start-thread.js'

/**
 * The thread that answers names begins with the first sandbox on a network of names, and stays. What it has open then
 * would look like something that a call has left behind: so whoever compares has it begin before.
 */

const known = new Set<NamesThread>()
const beginning = new Set<Promise<void>>()

const { serve } = NamesThread.prototype
NamesThread.prototype.serve = function (this: NamesThread, ...network) {
  known.add(this)
  serve.apply(this, network)
}

// The library takes it from there each time that it starts one.
const threads = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker }
threads.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args)
    // Who reads records for events knows nothing of networks, and would never answer.
    if (args[1]?.name !== 'slipway names') return
    const begun = new Promise<void>((resolve) => {
      this.once('exit', () => resolve())
      // It does what it is told in order, and says what it has stopped: a network that nobody has, too.
      this.once('online', () => this.postMessage({ stop: 'nothing' }))
      this.on('message', ({ stopped }: { stopped?: string }) => stopped === 'nothing' && resolve())
      // Behind the listeners, with the first of which a worker keeps the process.
      this.unref()
    }).finally(() => beginning.delete(begun))
    beginning.add(begun)
  }
}

/** Resolves when each thread runs that has a network to answer for. */
export async function namesAreAnswered(): Promise<void> {
  for (const thread of known) thread.start()
  // A thread does not keep the process.
  const keep = setInterval(() => undefined, 1000)
  await Promise.all(beginning)
  clearInterval(keep)
}
