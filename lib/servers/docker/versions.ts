import { badRequest } from '../http/http-error.js'

/** The newest version of Docker's Engine API that is spoken here, of Docker Engine 29. */
export const NEWEST_API = '1.56'
/** The oldest, of Docker Engine 25. */
export const OLDEST_API = '1.44'

export function isOlder(version: string, other: string): boolean {
  const [ours, theirs] = [numbersOf(version), numbersOf(other)]
  for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
    const difference = (ours[at] ?? 0) - (theirs[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const numbersOf = (version: string): number[] => version.split('.').map(Number)

/** `/v1.51/networks`: what is before the path proper says which version the client speaks. */
export function splitVersion(path: string): { version: string | undefined; rest: string } {
  const [, version, rest = path] = /^\/v([0-9.]+)(\/.*)$/s.exec(path) ?? []
  return { version, rest }
}

/** @throws {HttpError} 400 in the words of dockerd, which clients look for. */
export function checkVersion(version: string): void {
  if (isOlder(version, OLDEST_API))
    throw badRequest(
      `client version ${version} is too old. Minimum supported API version is ${OLDEST_API}, please upgrade your client to a newer version`,
    )
  if (isOlder(NEWEST_API, version))
    throw badRequest(`client version ${version} is too new. Maximum supported API version is ${NEWEST_API}`)
}
