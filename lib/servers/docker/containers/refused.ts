import type { Fields } from '../../http/fields.js'
import { HttpError } from '../../http/http-error.js'

/** Fields of a container's Config that are about its programs and files, and what is to be said of each. */
const PROGRAM =
  "a sandbox is a network stack, and the server starts no programs: 'slipway exec' does, or the runtime that joins it"
const REFUSED: Readonly<Record<string, string>> = {
  Cmd: PROGRAM,
  Entrypoint: PROGRAM,
  Env: PROGRAM,
  User: PROGRAM,
  WorkingDir: PROGRAM,
  Healthcheck: PROGRAM,
  Volumes: 'a sandbox is a network stack, and its files are those of the machine',
}

/** Fields of HostConfig that are read elsewhere, or that are about the client itself. */
const OURS: ReadonlySet<string> = new Set(
  [
    ...['AutoRemove', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'NetworkMode'],
    ...['PortBindings', 'PublishAllPorts', 'ConsoleSize', 'ContainerIDFile'],
  ].map((name) => name.toLowerCase()),
)

/** What docker's command sends of HostConfig when nobody has asked for it, beside what is empty. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  LogConfig: [{ Type: '', Config: {} }],
  RestartPolicy: [
    { Name: 'no', MaximumRetryCount: 0 },
    { Name: '', MaximumRetryCount: 0 },
    { Name: 'no' },
    { Name: '' },
  ],
  MemorySwappiness: [-1],
}

/**
 * What Docker would do with a container's programs, files and limits is refused where a client asks for it, and not
 * left out in silence.
 *
 * @throws {HttpError} 501
 */
export function refuseOthers(body: Fields, hostConfig: Fields): void {
  for (const [name, value] of body.entries()) {
    const why = Object.entries(REFUSED).find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1]
    if (why !== undefined && !isEmpty(value)) throw new HttpError(501, `${name}: ${why}. Leave it out.`)
  }
  for (const [name, value] of hostConfig.entries()) {
    if (OURS.has(name.toLowerCase()) || isEmpty(value) || isDefault(name, value)) continue
    throw new HttpError(
      501,
      `HostConfig.${name}: a sandbox is a network stack, without programs, files or limits of its own. Leave it out.`,
    )
  }
}

/** Whether it says nothing, in any of Go's ways. A key of a map says something, whatever it leads to. */
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : !value

const isDefault = (name: string, value: unknown): boolean =>
  (DEFAULTS[name] ?? []).some((one) => JSON.stringify(one) === JSON.stringify(value))
