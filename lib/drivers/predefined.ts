import { predefinedId } from '../store/predefined.js'
import { networkDrivers, stackDrivers } from './index.js'

/** Networks that every host has, by name and driver. */
export const PREDEFINED: Readonly<Record<string, string>> = Object.fromEntries([
  ...networkDrivers.flatMap(({ name, networks: { predefined } }) => (predefined ? [[predefined.name, name]] : [])),
  ...stackDrivers.flatMap(({ network, name }) => (network === undefined ? [] : [[network, name]])),
])

/** Whether a network is there on every host. */
export const isPredefined = (network: string): boolean => Object.hasOwn(PREDEFINED, network)

/**
 * The name of a network that every host has, by its id or the first twelve digits or more of it; anything else is given
 * back.
 */
export function namedPredefined(host: number, nameOrId: string): string {
  if (!/^[0-9a-f]{12,64}$/.test(nameOrId)) return nameOrId
  return Object.keys(PREDEFINED).find((name) => predefinedId(host, name).startsWith(nameOrId)) ?? nameOrId
}
