import type { ServerResponse } from 'node:http'

/**
 * Sends what comes, until there is no more of it or the request is over. What a client does not read is not asked for.
 *
 * @param headers - Are sent once the stream has begun: a client that has them misses nothing.
 * @throws What the stream throws; the client sees no end of it then.
 */
export async function sendStream(
  response: ServerResponse,
  stream: AsyncIterable<string>,
  signal: AbortSignal,
  sendHeaders: () => void,
): Promise<void> {
  const parts = stream[Symbol.asyncIterator]()
  try {
    let next = parts.next()
    sendHeaders()
    response.flushHeaders()
    for (let part = await next; !part.done && !signal.aborted; part = await next) {
      if (!response.write(part.value)) await readAgain(response, signal)
      next = parts.next()
    }
  } finally {
    await parts.return?.()
  }
  // The end would wait for a client that does not read.
  if (response.writableNeedDrain) response.destroy()
  else response.end()
}

/** The client has read what was sent, or it is over. */
const readAgain = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    if (signal.aborted) resolve()
    else {
      response.once('drain', done).once('close', done)
      signal.addEventListener('abort', done)
    }
  })
