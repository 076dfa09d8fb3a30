import { badRequest } from '../../http/http-error.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { findContainer } from './find.js'

const CONDITIONS = ['', 'not-running', 'next-exit', 'removed']

/** Waits for the end of a container: `docker wait`, and `docker run` meanwhile. */
export async function wait(call: DockerCall): Promise<HttpAnswer> {
  const condition = call.query.get('condition') ?? ''
  if (!CONDITIONS.includes(condition)) throw badRequest(`invalid condition: ${JSON.stringify(condition)}`)
  const { container } = await findContainer(call)
  const { id, state } = container
  const isOver = state === 'exited' || (state === 'created' && !/next-exit|removed/.test(condition))
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    stream: ending(isOver ? () => Promise.resolve() : () => untilGone(call, id)),
  }
}

async function* ending(over: () => Promise<void>): AsyncGenerator<string> {
  await over()
  yield '{"StatusCode":0}\n'
}

async function untilGone({ feed, slipway, signal }: DockerCall, id: string): Promise<void> {
  const listener = feed.listen(signal)
  try {
    // It may have gone before.
    if ((await slipway.sandboxes.list({ id, signal })).length === 0) return
    for (let event = await listener.next(); event; event = await listener.next())
      if (event.id === id && event.action === 'destroy') return
    if (!signal.aborted) throw new Error('The end of the container was waited for no longer.')
  } finally {
    feed.leave(listener)
  }
}
