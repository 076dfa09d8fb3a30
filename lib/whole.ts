/**
 * All that library.cjs has: what is published, and what the benchmark and the examples look into.
 *
 * @internal
 */
export * from './index.js'
export * from './internal.js'
