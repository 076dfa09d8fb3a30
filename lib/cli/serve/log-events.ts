import type { Slipway } from '../../api/slipway.js'
import type { SlipwayEvent } from '../../events/event.js'
import type { Log } from '../../servers/log.js'

/** What an administrator is to know, whoever does it. */
const TOLD = ['healed', 'lost', 'damaged', 'warning', 'skipped'] as const

/**
 * Logs what is damaged, given back or lost, and what is in the way, until it is stopped.
 *
 * @param heard - Is told, too.
 */
export async function logEvents(
  slipway: Slipway,
  log: Log,
  signal: AbortSignal,
  heard: (event: SlipwayEvent) => void,
): Promise<void> {
  try {
    for await (const event of slipway.events({ action: [...TOLD], signal })) {
      heard(event)
      if (event.action === 'healed') log.info(said(event))
      else log.warn(said(event))
    }
  } catch (error) {
    if (error !== signal.reason) throw error
  }
}

const said = ({ type, action, name, attributes }: SlipwayEvent): string =>
  attributes['message'] ?? `${type} ${name} ${action}`
