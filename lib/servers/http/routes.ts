import { badRequest } from './http-error.js'

/** What answers to requests of a method for a path. `:name` in the path is any one part of it. */
export interface Route<H> {
  method: string
  path: string
  handler: H
}

export interface Found<H> {
  handler: H
  /** What was in the places of `:name`, decoded. */
  parameters: Readonly<Record<string, string>>
}

interface Pattern<H> {
  parts: readonly string[]
  handler: H
}

/** Which handler a request is for. A route that comes first wins: what is named stands before what may be any name. */
export class Routes<H> {
  /** By method and number of parts. */
  readonly #patterns = new Map<string, Pattern<H>[]>()

  constructor(routes: readonly Route<H>[]) {
    for (const { method, path, handler } of routes) {
      const parts = partsOf(path)
      const key = keyOf(method, parts)
      const patterns = this.#patterns.get(key) ?? []
      patterns.push({ parts, handler })
      this.#patterns.set(key, patterns)
    }
  }

  /** @throws {HttpError} 400 where a part of the path cannot be decoded. */
  find(method: string, path: string): Found<H> | undefined {
    const parts = partsOf(path)
    for (const pattern of this.#patterns.get(keyOf(method, parts)) ?? []) {
      if (!pattern.parts.every((part, at) => part.startsWith(':') || part === parts[at])) continue
      const named = pattern.parts.flatMap((part, at): [string, string][] =>
        part.startsWith(':') ? [[part.slice(1), decoded(parts[at] ?? '')]] : [],
      )
      return { handler: pattern.handler, parameters: Object.fromEntries(named) }
    }
    return undefined
  }
}

const partsOf = (path: string): string[] => path.split('/').slice(1)
const keyOf = (method: string, parts: readonly string[]): string => `${method} ${parts.length}`

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest(`The path has ${JSON.stringify(part)}, in which a percent sign stands before no two hex digits.`)
  }
}
