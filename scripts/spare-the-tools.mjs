// Why: the addon is preloaded into Node.js for TSan (scripts/sanitize.mjs). A tool that a test runs (ip, mount, prlimit) could not be loaded with
// it, as it has no Node-API: from a test's process on, only the sanitizer's runtime is inherited.
if (process.argv[1]?.includes('/ava/lib/worker/')) process.env.LD_PRELOAD = process.env.SLIPWAY_SANITIZER ?? ''
