/** What Docker's API has and Slipway has not, and why: all that is not networking. */

const IMAGES = 'Slipway has no images: a sandbox is a network stack, and its programs are those of the machine'
const SWARM = 'Slipway is for one host, and has no swarm'
const VOLUMES = 'Slipway has no volumes: a sandbox is a network stack, and its files are those of the machine'
const CONTAINERS =
  'a sandbox is a network stack: it is created, started, listed, inspected, stopped, killed and removed, and nothing else'
const PROGRAMS = "Slipway's server starts no programs, and has no output of any: 'slipway exec' starts them"

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^\/(images|build|commit|distribution|session|grpc|auth)(\/|$)/, IMAGES],
  [/^\/(swarm|nodes|services|tasks|secrets|configs)(\/|$)/, SWARM],
  [/^\/volumes(\/|$)/, VOLUMES],
  [/^\/plugins(\/|$)/, 'Slipway has no plugins'],
  [/^\/exec(\/|$)/, PROGRAMS],
  [/^\/containers\/[^/]+\/(attach|attach\/ws|exec|logs|resize|top)$/, PROGRAMS],
  [/^\/containers\/[^/]+\/(archive|changes|export)$/, VOLUMES],
  [/^\/containers(\/|$)/, CONTAINERS],
]

/** Why nothing answers there; `undefined` where Docker has no such path either. */
export const reasonNotHere = (path: string): string | undefined => REASONS.find(([pattern]) => pattern.test(path))?.[1]
