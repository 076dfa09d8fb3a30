/**
 * The same of internal.ts, for the benchmark and the examples.
 *
 * @internal
 */
import { loadLibrary } from './load-library.js'

export const {
  createNetwork,
  createSandbox,
  removeSandbox,
  bridgeEndpoint,
  createLeaf,
  leafName,
  rulesetPlan,
  sets,
  Host,
  enter,
  Executor,
  printOperation,
  printPlan,
  wirePlan,
} = loadLibrary()
