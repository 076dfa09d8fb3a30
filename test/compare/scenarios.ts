import { bridgeOptions } from './scenarios/bridge-options.js'
import { ipv6 } from './scenarios/ipv6.js'
import { modes } from './scenarios/modes.js'
import { names } from './scenarios/names.js'
import { networks } from './scenarios/networks.js'
import { ports } from './scenarios/ports.js'
import { refusals } from './scenarios/refusals.js'
import type { Scenario } from './steps.js'

/**
 * What is done on both sides, each scenario on a fresh host (host.ts). Addresses and ports are named where Docker does
 * not choose them the same way every time.
 */
export const scenarios: readonly Scenario[] = [...modes, ...ports, ...networks, ...bridgeOptions, ...refusals, ...ipv6, ...names]
