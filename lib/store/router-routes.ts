import { address, cidr, id } from './common-shapes.js'
import { readRecordText, type RecordKind } from './kind.js'
import { readRegular } from './read-file.js'
import { fields, list, oneOf, optional, text, whole } from './shape.js'

/** A route that sandboxes have through a router, which is their neighbour. */
export interface RouterRoute {
  /** What the neighbours of the router have in common: as its driver says. */
  on: string
  /** Id of the network that it leads to. */
  network: string
  /** A subnet of that network. */
  to: string
  /** Address of the router. */
  via: string
  metric: number
  /** Id of the router. */
  router: string
  /** A process is giving it to sandboxes, or taking it from them. New sandboxes get the one, and not the other. */
  state?: 'coming' | 'going'
}

interface RoutesRecord {
  version: 1
  name: string
  routes: readonly RouterRoute[]
}

const NAME = 'routes'

/** A file `STATE/HOST/routes.json`, from the first router on that is on two networks. */
const ROUTES: RecordKind<RoutesRecord> = {
  version: 1,
  migrations: {},
  shape: fields({
    routes: list(
      fields({
        on: text('a link or an id', /^[\x21-\x7e]{1,64}$/),
        network: id,
        to: cidr,
        via: address,
        metric: whole(1, 2 ** 31),
        router: id,
        state: optional(oneOf('coming', 'going')),
      }),
    ),
  }),
}

export const printRoutes = (routes: readonly RouterRoute[]): string =>
  `${JSON.stringify({ version: 1, name: NAME, routes } satisfies RoutesRecord)}\n`

/** What a reader puts in the place of bytes that are no text, and the one that no plan has. */
const NO_TEXT = /[\ufffd\0]/

/** What was found in the place of the file. */
export interface FoundRoutes {
  /** Left out where there is no file. */
  text?: string
  routes: readonly RouterRoute[]
  /** No file of ours is: what is there has to go before one is written. */
  strange?: true
}

/** What cannot be read is written anew by the next router, or open(), from the sandboxes' records. */
export function readRoutes(path: string): FoundRoutes {
  const found = readRegular(path)
  if (!found) return { routes: [] }
  const { text } = found
  if (text === undefined || NO_TEXT.test(text)) return { routes: [], strange: true }
  return { text, routes: readRecordText(ROUTES, NAME, text).record?.routes ?? [] }
}
