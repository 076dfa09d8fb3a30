// Why: tests are compiled first (build-test/), and each file gets a process of its own: tests enter
// namespaces and preload sanitizers, neither of which worker threads can do apart from each other.
//
// What takes long and rarely finds anything is in test/long: `npm run test:long` runs it, and nothing else.
import { bundleIsCurrent } from './scripts/setup/bundle.mjs'

// The command is tested as it is published; what it was a while ago would pass, or fail, for the wrong reason.
if (!bundleIsCurrent()) throw new Error('dist/ is not of these sources. Type: npm run compile')

const files = process.env.SLIPWAY_TESTS === 'long' ? ['build-test/long/*.test.js'] : ['build-test/**/*.test.js', '!build-test/long/**']

export default {
  files,
  workerThreads: false,
  concurrency: 2,
  timeout: '2m',
}
