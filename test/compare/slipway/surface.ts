/**
 * What the slipway side asks of the library, by the names of its public surface. Everything may be missing: a
 * scenario that needs what is not there is reported as not supported, and the others are compared all the same.
 */
export interface Surface {
  networks?: Partial<Networks>
  sandboxes: { create(options: object): Promise<Sandbox> }
  close(): Promise<void>
}

export interface Networks {
  create(options: object): Promise<unknown>
  get(name: string): Promise<Network>
}

export interface Network {
  inspect(): unknown
  remove(): Promise<void>
}

export interface Sandbox {
  readonly id: string
  readonly name: string
  readonly network: string
  readonly path: string
  inspect(): unknown
  remove(): Promise<void>
  refresh?(): Promise<unknown>
  connect?(network: string, options: object): Promise<unknown>
  disconnect?(network: string): Promise<unknown>
  /** Paths of its three files. */
  files?(): Promise<{ hostname: string; hosts: string; resolvConf: string }>
}

export class NotThere extends Error {}

/** @throws {NotThere} when the library has no such method. */
export function need<T extends object, K extends keyof T & string>(owner: T | undefined, name: K, what: string): NonNullable<T[K]> {
  const value = owner?.[name]
  if (value === undefined || value === null) throw new NotThere(`there is no ${what}.${name}`)
  return (typeof value === 'function' ? (value.bind(owner) as unknown) : value) as NonNullable<T[K]>
}
