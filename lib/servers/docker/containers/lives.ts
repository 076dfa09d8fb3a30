import { byId } from '../../../base/by-name-or-id.js'
import type { Container, ContainerState } from './container.js'

/** So many of each are remembered; then the oldest is forgotten. */
const MOST = 1000

/**
 * What clients have said of containers and sandboxes know nothing of: which were created and are yet to be started, and
 * which have stopped, so that they are no sandboxes any more. It is kept as long as the server runs.
 */
export class Lives {
  readonly #unstarted = new Set<string>()
  readonly #removedAtEnd = new Set<string>()
  readonly #stopped = new Map<string, Container>()

  /** @param removedAtEnd - Once it stops, nothing is to be remembered of it. */
  created(id: string, removedAtEnd: boolean): void {
    this.#unstarted.add(id)
    forgetOldest(this.#unstarted)
    if (!removedAtEnd) return
    this.#removedAtEnd.add(id)
    forgetOldest(this.#removedAtEnd)
  }

  /** @returns False where it has been started before. */
  started(id: string): boolean {
    return this.#unstarted.delete(id)
  }

  /** Of a sandbox that is there. */
  stateOf(id: string): ContainerState {
    return this.#unstarted.has(id) ? 'created' : 'running'
  }

  isRemovedAtEnd(id: string): boolean {
    return this.#removedAtEnd.has(id)
  }

  /** @param container - As it is once it has stopped. */
  stopped(container: Container): void {
    this.removed(container.id)
    this.#stopped.set(container.id, container)
    forgetOldest(this.#stopped)
  }

  removed(id: string): void {
    this.#unstarted.delete(id)
    this.#removedAtEnd.delete(id)
    this.#stopped.delete(id)
  }

  /** Those that have stopped. */
  get all(): readonly Container[] {
    return [...this.#stopped.values()]
  }

  /**
   * One that has stopped, by name, id, or the beginning of an id. Of several with a name, the last.
   *
   * @throws {SlipwayError} `CONFLICT` when several ids begin so.
   */
  find(nameOrId: string): Container | undefined {
    return this.all.findLast(({ name }) => name === nameOrId) ?? byId(this.all, nameOrId, 'container', (one) => one)
  }
}

function forgetOldest(kept: { size: number; keys(): Iterator<string>; delete(id: string): boolean }): void {
  if (kept.size <= MOST) return
  const oldest = kept.keys().next()
  if (!oldest.done) kept.delete(oldest.value)
}
