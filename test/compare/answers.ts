import type { AnswerSighting } from './observation.js'

/** An answer of the API, as far as it is about networks. What a container is besides, Slipway does not know. */

type Fields = Readonly<Record<string, unknown>>

/** Of a container, by field: what is looked at. `true`: all of it. */
const OF_CONTAINER: Readonly<Record<string, true | readonly string[]>> = {
  Id: true,
  Name: true,
  Names: true,
  State: ['Status', 'Running', 'Paused', 'Restarting', 'OOMKilled', 'Dead', 'ExitCode', 'Error'],
  Status: true,
  Labels: true,
  Ports: true,
  Config: ['Hostname', 'Domainname', 'Labels', 'ExposedPorts'],
  HostConfig: ['NetworkMode', 'PortBindings', 'PublishAllPorts', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts'],
  NetworkSettings: true,
}

export function answerTree({ status, body }: AnswerSighting, asked: string): Record<string, unknown> {
  const isContainer = asked.includes('/containers/')
  return { status, ...(status < 400 ? { body: orderly(body, isContainer) } : { message: typeof messageOf(body) }) }
}

const messageOf = (body: unknown): unknown => (body as { message?: unknown } | null)?.message

/** Lists by name: their order is not compared. */
function orderly(body: unknown, isContainer: boolean): unknown {
  if (!Array.isArray(body)) return picked(body, isContainer)
  return Object.fromEntries(body.map((one) => [nameOf(one as Fields), picked(one, isContainer)]))
}

/** dockerd lists ports in an order of chance. */
function wholeOf(field: string, value: unknown): unknown {
  if (field === 'Status') return String(value).replace(/^Up .*/, 'Up <time>')
  if (field !== 'Ports' || !Array.isArray(value)) return value
  return [...(value as unknown[])].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
}

const nameOf = ({ Name, Names }: Fields): string => String(Name ?? (Names as readonly string[])[0])

function picked(body: unknown, isContainer: boolean): unknown {
  if (typeof body !== 'object' || body === null) return body
  if (!isContainer) return { ...body, ...('Created' in body ? { Created: '<time>' } : {}) }
  const found: Record<string, unknown> = {}
  for (const [field, parts] of Object.entries(OF_CONTAINER)) {
    const value = (body as Fields)[field]
    if (value === undefined) continue
    found[field] =
      parts === true || typeof value !== 'object'
        ? wholeOf(field, value)
        : Object.fromEntries(
            parts.flatMap((part) => (part in (value as object) ? [[part, (value as Fields)[part]]] : [])),
          )
  }
  return found
}
