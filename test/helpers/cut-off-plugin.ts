import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'

/** Where a call of dockerd's is cut off: before Slipway has it, or before dockerd has the answer. */
export interface Cut {
  method: string
  when: 'before' | 'after'
  /** Kills one of both, and starts it again. */
  strike(): Promise<void>
  /** Whether further calls wait until it is there again. */
  holds: boolean
}

/** Stands between dockerd and Slipway, and cuts off a call of a method. */
export class CutOffPlugin {
  readonly #to: string
  #cut: Cut | undefined
  #struck: Promise<void> = Promise.resolve()
  #held: Promise<void> = Promise.resolve()

  private constructor(to: string) {
    this.#to = to
  }

  /** @param at - Where dockerd looks for its driver. @param to - Where Slipway listens. */
  static async start(t: ExecutionContext, at: string, to: string): Promise<CutOffPlugin> {
    const plugin = new CutOffPlugin(to)
    const server = createServer((asked, answer) => void plugin.#pass(asked, answer))
    mkdirSync(dirname(at), { recursive: true })
    // Of a server that was killed.
    rmSync(at, { force: true })
    server.listen(at)
    await once(server, 'listening')
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    return plugin
  }

  /** The next call of a method is cut off. */
  cut(cut: Cut): void {
    this.#cut = cut
  }

  /** Whether it was: waits until the victim is back. */
  async wasCut(): Promise<boolean> {
    await this.#struck
    return this.#cut === undefined
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(asked)
    await this.#held
    const cut = asked.url?.endsWith(`.${this.#cut?.method}`) ? this.#cut : undefined
    if (cut?.when !== 'before') {
      const { status, said } = await this.#forward(asked, body)
      if (!cut) return void answer.writeHead(status, { 'Content-Type': 'application/json' }).end(said)
    }
    this.#cut = undefined
    this.#struck = cut.strike()
    if (cut.holds) this.#held = this.#struck
    asked.socket.destroy()
  }

  #forward(asked: IncomingMessage, body: Buffer): Promise<{ status: number; said: Buffer }> {
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: this.#to,
        method: asked.method,
        path: asked.url,
        headers: asked.headers,
        agent: false,
      }
      const sent = request(options as object, (response) => {
        buffer(response).then((said) => resolve({ status: response.statusCode ?? 0, said }), reject)
      })
      sent.once('error', reject).end(body)
    })
  }
}
