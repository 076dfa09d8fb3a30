import { sha256 } from '#lib/base/sha256.js'
import { zoneOf } from '#lib/policy/zone.js'
import { loadRuleset, oldSandbox, sandboxCommands, writeSandbox, type OldSandbox } from './old-host.js'
import { execIn, type World } from './world.js'

/** Many sandboxes of 0.1.0 more, on the default bridge of a host of old-host.ts. */

/** So many are laid out by one shell: what it is told is a single argument. */
const AT_ONCE = 100
/** Host ports of theirs, one of TCP and one of UDP each. */
const FIRST_PORT = 20_000

export function layOutOldCrowd(world: World, count: number): void {
  const sandboxes = Array.from({ length: count }, (_, number) => member(number))
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = sandboxes.slice(from, from + AT_ONCE)
    const commands = some.flatMap(({ name, endpoints }) => sandboxCommands(world.name(name), endpoints))
    execIn(world.host, 'sh', '-ec', batches(commands))
    loadRuleset(world, some.flatMap((sandbox) => elementsOf(world, sandbox)).join('\n'))
    for (const sandbox of some) writeSandbox(world, sandbox)
  }
}

/** Each program once, and once in each namespace, as it takes longer to start than to do one of these. */
function batches(commands: readonly string[]): string {
  const lines = new Map<string, string[]>()
  for (const command of commands) {
    const [, program = '', line = ''] = /^(ip -n \S+|\w+) (.*)$/.exec(command) ?? []
    const same = lines.get(program) ?? []
    lines.set(program, [...same, line])
  }
  // What is on the host comes before what is inside.
  const programs = [...lines.keys()].sort((one, other) => Number(one.includes(' ')) - Number(other.includes(' ')))
  return programs.map((program) => `${program} -batch - <<'END'\n${lines.get(program)?.join('\n')}\nEND`).join('\n')
}

/** As the sandbox `app` of the fixture, with what is each one's own. */
function member(number: number): OldSandbox {
  const app = oldSandbox('app')
  const [endpoint] = app.endpoints
  if (!endpoint) throw new Error('app is on no network')
  const [high, low] = [16 + (number >> 8), number & 0xff]
  const hex = (byte: number) => byte.toString(16).padStart(2, '0')
  const id = sha256(`endpoint ${number}`)
  return {
    ...app,
    id: sha256(`sandbox ${number}`),
    name: `c${number}`,
    ports: app.ports.map((port) => ({ ...port, hostPort: FIRST_PORT + number })),
    endpoints: [
      {
        ...endpoint,
        id,
        hostLink: `veth${id.slice(0, 11)}`,
        mac: `02:42:ac:11:${hex(high)}:${hex(low)}`,
        addresses: { 4: { ...endpoint.addresses['4'], address: `172.17.${high}.${low}`, prefix: 16 } },
      },
    ],
  }
}

function elementsOf(world: World, { name, id, ports, endpoints }: OldSandbox): string[] {
  const comment = `comment "${world.name(name)} (${id.slice(0, 12)})"`
  const add = (set: string, element: string) => `add element ${set} { ${element} }`
  return endpoints.flatMap((endpoint) => {
    const { hostLink, bridge, mac, addresses } = endpoint
    const address = addresses['4']?.address ?? ''
    return [
      add('inet slipway macs', `"${bridge}" . ${mac} ${comment}`),
      add('inet slipway addresses4', `${address} ${comment}`),
      add('bridge slipway senders4', `"${hostLink}" . ${mac} . ${address} ${comment}`),
      ...ports.flatMap(({ protocol, hostPort, containerPort }) => {
        const port = `${protocol} . ${hostPort}`
        const zone = zoneOf(endpoint.id, containerPort)
        return [
          add(
            'inet slipway published4',
            `${port} counter packets 1 bytes 60 ${comment} : ${address} . ${containerPort}`,
          ),
          ...(protocol === 'udp'
            ? [
                add('inet slipway zones4', `${port} ${comment} : ${zone}`),
                add('inet slipway errors4', `${hostPort} ${comment} : ${zone}`),
              ]
            : []),
        ]
      }),
    ]
  })
}
