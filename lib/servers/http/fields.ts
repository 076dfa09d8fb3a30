import { show } from '../../base/errors.js'
import { badRequest } from './http-error.js'

/**
 * A JSON object of a request, read as Go's `encoding/json` reads one into a struct: a field that is not asked for is
 * passed over, `null` is as good as no field, and names may be written in capitals or not.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #within: string

  constructor(values: Readonly<Record<string, unknown>>, within = '') {
    this.#values = values
    this.#within = within
  }

  /** @throws {HttpError} 400 */
  static parse(body: Buffer): Fields {
    // As to docker's daemon, a body that is empty says nothing.
    if (body.length === 0) return new Fields({})
    let value: unknown
    try {
      value = JSON.parse(body.toString('utf8'))
    } catch (error) {
      throw badRequest(`invalid JSON: ${(error as Error).message}`)
    }
    if (value === null) return new Fields({})
    if (!isObject(value)) throw badRequest(`invalid JSON: the body must be an object, and is ${show(value)}`)
    return new Fields(value)
  }

  /** Empty where there is none. */
  text(name: string): string {
    return this.#read(name, 'a text', (value): value is string => typeof value === 'string') ?? ''
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value): value is boolean => typeof value === 'boolean')
  }

  whole(name: string): number | undefined {
    return this.#read(name, 'a whole number', (value): value is number => Number.isSafeInteger(value))
  }

  texts(name: string): string[] {
    const all = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((one) => typeof one === 'string')
    return this.#read(name, 'a list of texts', all) ?? []
  }

  /** Texts by name. */
  pairs(name: string): Record<string, string> {
    const all = (value: unknown): value is Record<string, string | null> =>
      isObject(value) && Object.values(value).every((one) => typeof one === 'string' || one === null)
    const found = this.#read(name, 'an object of texts', all) ?? {}
    return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, value ?? '']))
  }

  /** The names of all fields. */
  names(): string[] {
    return Object.keys(this.#values)
  }

  /** All fields, as they were sent. */
  entries(): [name: string, value: unknown][] {
    return Object.entries(this.#values)
  }

  object(name: string): Fields | undefined {
    const found = this.#read(name, 'an object', isObject)
    return found && new Fields(found, `${this.#within}${name}.`)
  }

  objects(name: string): Fields[] {
    const all = (value: unknown): value is Record<string, unknown>[] => Array.isArray(value) && value.every(isObject)
    const found = this.#read(name, 'a list of objects', all) ?? []
    return found.map((one, at) => new Fields(one, `${this.#within}${name}[${at}].`))
  }

  /** Lists of objects. */
  lists(name: string): Fields[][] {
    const all = (value: unknown): value is Record<string, unknown>[][] =>
      Array.isArray(value) && value.every((one) => Array.isArray(one) && one.every(isObject))
    const found = this.#read(name, 'a list of lists of objects', all) ?? []
    return found.map((list, at) =>
      list.map((one, index) => new Fields(one, `${this.#within}${name}[${at}][${index}].`)),
    )
  }

  #read<T>(name: string, what: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#named(name)
    if (value === undefined || value === null) return undefined
    if (is(value)) return value
    throw badRequest(`invalid JSON: ${this.#within}${name} must be ${what}, and is ${show(value)}`)
  }

  #named(name: string): unknown {
    if (Object.hasOwn(this.#values, name)) return this.#values[name]
    const lower = name.toLowerCase()
    const other = Object.keys(this.#values).find((key) => key.toLowerCase() === lower)
    return other === undefined ? undefined : this.#values[other]
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
