import { api } from './scenarios/api.js'
import { bridgeOptions } from './scenarios/bridge-options.js'
import { gateways } from './scenarios/gateways.js'
import { ipv6 } from './scenarios/ipv6.js'
import { lists } from './scenarios/lists.js'
import { modes } from './scenarios/modes.js'
import { names } from './scenarios/names.js'
import { networks } from './scenarios/networks.js'
import { ports } from './scenarios/ports.js'
import { reaches } from './scenarios/reaches.js'
import { refusals } from './scenarios/refusals.js'
import { segments } from './scenarios/segments.js'
import type { Scenario } from './steps.js'

/**
 * What is done on both sides, each scenario on a fresh host (host.ts). Addresses and ports are named where Docker does
 * not choose them the same way every time.
 */
export const scenarios: readonly Scenario[] = [
  ...modes,
  ...ports,
  ...networks,
  ...gateways,
  ...lists,
  ...bridgeOptions,
  ...reaches,
  ...refusals,
  ...ipv6,
  ...names,
  ...segments,
  ...api,
]
