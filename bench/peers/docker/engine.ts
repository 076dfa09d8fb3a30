import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** Docker's HTTP API, asked without the command `docker`: only the daemon's own time is measured. */
export class Engine {
  readonly #socketPath: string
  readonly #agent = new Agent({ keepAlive: true })

  /** @param host - As in DOCKER_HOST: `unix:///run/docker.sock`. */
  constructor(host: string) {
    this.#socketPath = host.replace(/^unix:\/\//, '')
  }

  /** @throws {Error} with the daemon's words. */
  ask<Answer = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? '' : JSON.stringify(body)
      const headers =
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }
      const asked = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers }, (response) => {
        text(response).then((said) => {
          if ((response.statusCode ?? 0) >= 300) reject(new Error(`${method} ${path}: ${response.statusCode}: ${said}`))
          else resolve((said.trim() === '' ? undefined : JSON.parse(said)) as Answer)
        }, reject)
      })
      asked.once('error', reject)
      asked.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
