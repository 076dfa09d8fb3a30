/** Tables of iptables' older half as the kernel gives them (x_tables.h), for native/fuzz/firewalls.cc. */

/** Where things are in an entry. */
const LAYOUT = {
  4: { links: 16, masks: 48, protocol: 80, offsets: 88, size: 112 },
  6: { links: 64, masks: 96, protocol: 128, offsets: 140, size: 168 },
} as const

const POLICY = { accept: -2, drop: -1 } as const
const RETURN = -5

/** Numbers as x86 has them, each in so many bytes. */
function numbers(size: 2 | 4, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(size * values.length)
  for (const [index, value] of values.entries())
    bytes.writeIntLE(size === 2 ? (value << 16) >> 16 : value, index * size, size)
  return bytes
}

function text(value: string, size: number): Buffer {
  const room = Buffer.alloc(size)
  room.write(value)
  return room
}

/** What a match or a target is: its length, its name, and what it alone reads. */
function extension(name: string, data: Buffer, revision = 0): Buffer {
  const padding = Buffer.alloc(-data.length & 7)
  return Buffer.concat([
    numbers(2, 32 + data.length + padding.length),
    text(name, 29),
    Buffer.of(revision),
    data,
    padding,
  ])
}

/** The states "established, related", of `-m conntrack --ctstate`. */
const states = (): Buffer => {
  const info = Buffer.alloc(156)
  info.set(numbers(2, 1, 0, 6, 0), 146)
  return info
}

const MATCHES = [
  extension('conntrack', states(), 2),
  extension('conntrack', states(), 3),
  extension('state', numbers(4, 6)),
  extension('comment', text('known', 256)),
  extension('tcp', Buffer.concat([numbers(2, 0, 65535, 22, 22), Buffer.alloc(4)])),
  extension('udp', Buffer.concat([numbers(2, 0, 65535, 53, 53), Buffer.alloc(2)])),
  extension('multiport', Buffer.alloc(48)),
]

/** A table "filter" whose chain FORWARD asks all that is known, and jumps to a chain of its own. */
export function legacyTable(family: 4 | 6): Buffer {
  const { links, masks, protocol, offsets, size } = LAYOUT[family]
  const entry = (target: Buffer, matches: readonly Buffer[] = []): Buffer => {
    const head = Buffer.alloc(size)
    const asked = Buffer.concat(matches)
    if (asked.length > 0) {
      head.fill(0xff, 0, links)
      head.write('br-web', links)
      head.fill(0xff, masks, masks + 7)
      head.set(numbers(2, 6), protocol)
    }
    head.set(numbers(2, size + asked.length, size + asked.length + target.length), offsets)
    return Buffer.concat([head, asked, target])
  }
  const verdict = (number: number) => extension('', numbers(4, number))
  const entries: Buffer[] = []
  let length = 0
  /** @returns Where it is. */
  const put = (one: Buffer): number => {
    entries.push(one)
    length += one.length
    return length - one.length
  }

  const input = put(entry(verdict(POLICY.drop)))
  const forward = put(entry(verdict(POLICY.accept), MATCHES))
  put(entry(extension('REJECT', numbers(4, 0))))
  put(entry(extension('LOG', Buffer.alloc(32))))
  // The chain LAST is the third entry behind this.
  const behind = length + size + verdict(0).length
  put(entry(verdict(behind + 2 * (size + verdict(0).length) + size + extension('ERROR', text('LAST', 32)).length)))
  const forwardEnds = put(entry(verdict(POLICY.drop)))
  const output = put(entry(verdict(POLICY.accept)))
  put(entry(extension('ERROR', text('LAST', 32))))
  put(entry(verdict(POLICY.drop)))
  put(entry(verdict(RETURN)))
  put(entry(extension('ERROR', text('ERROR', 32))))

  return Buffer.concat([
    text('filter', 32),
    // INPUT, FORWARD and OUTPUT: where they begin, and where their policies are.
    numbers(4, 0b1110, 0, input, forward, output, 0, 0, input, forwardEnds, output, 0),
    numbers(4, entries.length, length),
    ...entries,
  ])
}
