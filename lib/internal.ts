/**
 * What the benchmark and the examples of this repository use beside what is published: `#internal`. It is of the same
 * bundle, so an object of the one is an object of the other. Not part of the package.
 *
 * @internal
 */
export { createNetwork } from './drivers/bridge/network.js'
export { createSandbox, type NewSandbox } from './drivers/plans/create.js'
export { removeSandbox } from './drivers/plans/remove.js'
export { bridgeEndpoint } from './drivers/bridge/endpoint.js'
export { createLeaf } from './drivers/bridge/leaf.js'
export { leafName } from './drivers/bridge/leaf-name.js'
export { rulesetPlan } from './policy/ruleset.js'
export * as sets from './policy/sets.js'
export { Host, type PlanMessage } from './kernel/host.js'
export { enter, Executor } from './kernel/native.js'
export type { BridgeNetwork } from './drivers/bridge/spec.js'
export type { Operation, Plan } from './plan/operation.js'
export { printOperation, printPlan } from './plan/print.js'
export { wirePlan } from './plan/wire.js'
