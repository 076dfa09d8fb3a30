import type { SlipwayEvent } from '../../../events/event.js'

/** An event as Docker has it. */
export interface DockerEvent {
  type: 'container' | 'network'
  action: string
  /** Of the container or the network. */
  id: string
  attributes: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  time: number
}

/** What Docker would say of it: of healed things, ports and pools nothing. */
export function dockerEvents({ time, type, action, id, name, attributes }: SlipwayEvent): DockerEvent[] {
  const at = Date.parse(time)
  const { network = '', networkId = '', sandboxId = '', driver = '', path: _, ...labels } = attributes
  switch (`${type} ${action}`) {
    case 'sandbox created':
      return ['create', 'start'].map((verb) => ofContainer(verb, id, { ...labels, image: '', name }, at))
    case 'sandbox removed':
      return [
        ofContainer('die', id, { ...labels, exitCode: '0', image: '', name }, at),
        ofContainer('destroy', id, { ...labels, image: '', name }, at),
      ]
    case 'endpoint created':
      return [ofNetwork('connect', networkId, { container: sandboxId, name: network }, at)]
    case 'endpoint removed':
      return [ofNetwork('disconnect', networkId, { container: sandboxId, name: network }, at)]
    case 'network created':
      return [ofNetwork('create', id, { name, type: driver }, at)]
    case 'network removed':
      return [ofNetwork('destroy', id, { name, type: driver }, at)]
    default:
      return []
  }
}

type Attributes = DockerEvent['attributes']

const ofContainer = (action: string, id: string, attributes: Attributes, time: number): DockerEvent => ({
  type: 'container',
  action,
  id,
  attributes,
  time,
})

const ofNetwork = (action: string, id: string, attributes: Attributes, time: number): DockerEvent => ({
  type: 'network',
  action,
  id,
  attributes,
  time,
})

/**
 * A line of `GET /events`.
 *
 * @param older - As clients before API 1.52 have it: what a container is stands once more at the top.
 */
export function eventLine({ type, action, id, attributes, time }: DockerEvent, older: boolean): string {
  const message = {
    ...(older && type === 'container' ? { status: action, id, from: '' } : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Math.floor(time / 1000),
  }
  // Nanoseconds are more than a number of JavaScript holds.
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${time}000000}\n`
}
