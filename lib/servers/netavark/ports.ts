import { bracket } from '../../base/port-mapping.js'
import type { Fields } from '../http/fields.js'

/** A port mapping of podman's, as `publish` takes it: one for each protocol. */
export function portsOf(fields: Fields): string[] {
  const count = Math.max(1, fields.whole('range') ?? 1)
  const range = (first: number) => (count === 1 ? `${first}` : `${first}-${first + count - 1}`)
  const address = fields.text('host_ip')
  const container = range(fields.whole('container_port') ?? 0)
  const host = fields.whole('host_port') ?? 0
  const at = [...(address === '' ? [] : [bracket(address)]), host === 0 ? '' : range(host)]
  const protocols = fields.text('protocol') || 'tcp'
  return protocols
    .split(',')
    .map((protocol) => `${host === 0 && address === '' ? '' : `${at.join(':')}:`}${container}/${protocol}`)
}
