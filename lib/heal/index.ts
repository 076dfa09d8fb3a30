/**
 * The one place that heals, and its one door: whoever finds that something is not as the records say calls one of
 * these. `npm run check` sees to it that nothing outside imports the other files of this folder.
 */
export type { Aside } from './aside.js'
export { leftAddresses } from './forget.js'
export { collectFormerHosts, findOtherHosts } from './former-hosts.js'
export { Parents } from './parents.js'
export { reconcile, type Reconciled } from './reconcile.js'
export { repairRefused } from './refused.js'
export type { Shared } from './shared.js'
