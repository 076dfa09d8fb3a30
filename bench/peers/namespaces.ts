import { Host } from '#internal'

/**
 * Namespaces for peers that are given one: whoever calls them has made it. Made by Slipway's executor, which takes less
 * time than anything else would.
 */
export class Namespaces {
  readonly #host = new Host(undefined)

  async create(path: string): Promise<void> {
    await this.#host.run([
      { op: 'netns.create', path },
      { op: 'link.set', netns: path, name: 'lo', up: true },
    ])
  }

  async remove(path: string): Promise<void> {
    await this.#host.run([{ op: 'netns.delete', path }])
  }

  close(): Promise<void> {
    return this.#host.close()
  }
}
