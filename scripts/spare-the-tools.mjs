// Why: the addon is preloaded into Node.js for TSan (scripts/sanitize.mjs). A tool that a test runs (ip, mount,
// prlimit) could not be loaded with it, as it has no Node-API: from a test's process, or one that it starts to look at
// (SLIPWAY_PRELOAD), only the sanitizer's runtime is inherited.
if (/\/ava\/lib\/worker\/|\/build-test\/(env\/child|helpers\/peer)\.js$/.test(process.argv[1]))
  process.env.LD_PRELOAD = process.env.SLIPWAY_SANITIZER ?? ''
