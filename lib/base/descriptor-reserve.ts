import { closeSync, constants, openSync } from 'node:fs'
import { O_PATH } from './o-path.js'

/**
 * Descriptors that are held while something is made, so that it can be taken away again where the process has come to
 * its limit meanwhile. All who make something at the same time share them.
 */
export class DescriptorReserve {
  readonly #size: number
  readonly #held: number[] = []
  #users = 0

  constructor(size: number) {
    this.#size = size
  }

  /**
   * @param make - Is told how to give the descriptors up: from then on, they are there for others.
   * @throws What Node.js says where there are too few of them: `make` was not called then.
   */
  async during<T>(make: (giveUp: () => void) => Promise<T>): Promise<T> {
    this.#fill()
    this.#users++
    try {
      return await make(() => this.#empty())
    } finally {
      if (--this.#users === 0) this.#empty()
    }
  }

  #fill(): void {
    try {
      while (this.#held.length < this.#size) this.#held.push(openSync('/', O_PATH | constants.O_DIRECTORY))
    } catch (error) {
      if (this.#users === 0) this.#empty()
      throw error
    }
  }

  #empty(): void {
    for (const descriptor of this.#held.splice(0)) closeSync(descriptor)
  }
}
