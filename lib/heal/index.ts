/**
 * The one place that heals, and its one door: whoever finds that something is not as the records say calls one of
 * these. `npm run check` sees to it that nothing outside imports the other files of this folder.
 */
export type { DamagedRecords } from './damaged-records.js'
export { leftAddresses } from './forget-addresses.js'
export { collectFormerHosts, findOtherHosts } from './former-hosts.js'
export { lookForDamage } from './damage.js'
export { DamageWatch, type DamageMessage } from './damage-watch.js'
export { lookInside } from './look-inside.js'
export { ParentWatch } from './parent-watch.js'
export { findNameless } from './restore-names.js'
export { reconcile, type Reconciled } from './reconcile.js'
export { repairAfterRefusal } from './repair-after-refusal.js'
export { repairRuleset } from './repair-ruleset.js'
export type { HealContext } from './context.js'
