import { invalid, show } from '../../base/errors.js'
import { isLinkName, LINK_NAME } from '../../base/link-name.js'

/** What the options of macvlan and ipvlan networks have in common. Unlike docker, an unknown one is refused. */

export interface SegmentOptions {
  parent?: string
  mode: string
  flag?: string
  mtu?: number
  hostShim: boolean
  interfacePrefix: string
}

export interface OptionsOf {
  /** `macvlan`. */
  driver: string
  modes: readonly string[]
  flags?: readonly string[]
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readSegmentOptions(
  { driver, modes, flags }: OptionsOf,
  given: Readonly<Record<string, string>>,
): SegmentOptions {
  const options: SegmentOptions = { mode: modes[0] ?? '', hostShim: false, interfacePrefix: 'eth' }
  const one = (names: readonly string[], value: string, wrong: (expected: string) => Error) => {
    if (!names.includes(value)) throw wrong(`one of ${names.join(', ')}`)
    return value
  }
  const readers: Record<string, (value: string, wrong: (expected: string) => Error) => void> = {
    parent: (value, wrong) => {
      if (!isLinkName(value)) throw wrong(LINK_NAME)
      if (value === 'lo') throw wrong('a link with a segment behind it, as eth0')
      options.parent = value
    },
    [`${driver}_mode`]: (value, wrong) => (options.mode = one(modes, value, wrong)),
    ...(flags
      ? {
          [`${driver}_flag`]: (value: string, wrong: (expected: string) => Error) =>
            (options.flag = one(flags, value, wrong)),
        }
      : {}),
    'com.docker.network.driver.mtu': (value, wrong) => {
      const mtu = Number(value)
      if (!/^\d{1,5}$/.test(value) || mtu < 68 || mtu > 65535) throw wrong('a number of bytes from 68 to 65535')
      options.mtu = mtu
    },
    'com.docker.network.container_iface_prefix': (value, wrong) => {
      // Three digits are to fit behind it.
      if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,11}$/.test(value) || value === 'lo')
        throw wrong('the beginning of an interface name, at most 12 letters and digits')
      options.interfacePrefix = value
    },
    host_shim: (value, wrong) => {
      if (!/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) throw wrong('true or false')
      options.hostShim = /^[1tT]/.test(value)
    },
  }
  for (const [name, value] of Object.entries(given)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (!read)
      throw invalid(
        `options: the ${driver} driver has no option ${show(name)}. There are ${Object.keys(readers).join(', ')}.`,
      )
    if (typeof value !== 'string') throw invalid(`options: ${name} must be a text, and is ${show(value)}.`)
    read(value, (expected) => invalid(`options: ${name} must be ${expected}, and is ${show(value)}.`))
  }
  return options
}
