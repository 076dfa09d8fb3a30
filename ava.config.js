// Why: tests are compiled first (build-test/), and each file gets a process of its own: tests enter
// namespaces and preload sanitizers, neither of which worker threads can do apart from each other.
//
// What takes long and rarely finds anything is in test/long: `npm run test:long` runs it, and nothing else.
// What needs another kernel is in test/guest: `npm run test:guest` runs it on one, and any other file that is named.
import { bundleIsCurrent } from './scripts/setup/bundle.mjs'

// The command is tested as it is published; what it was a while ago would pass, or fail, for the wrong reason.
if (!bundleIsCurrent()) throw new Error('dist/ is not of these sources. Type: npm run compile')

const FILES = {
  usual: ['build-test/**/*.test.js', '!build-test/long/**', '!build-test/guest/**'],
  long: ['build-test/long/*.test.js'],
  any: ['build-test/**/*.test.js'],
}
const files = FILES[process.env.SLIPWAY_TESTS] ?? FILES.usual

// Files that take a minute or more begin first: one that begins last keeps a CPU waiting. In seconds: 118, 74, 63, 56, 56, 52, 48, 42, 41.
const LONGEST = [
  'undo-networks',
  'golden',
  'crash-leaves',
  'crash-segments',
  'kills',
  'attacks-packets',
  'attacks-senders',
  'undo',
  'cli-usage',
  'cli-network',
  'attacks-layer2',
  'reach',
]
const rank = (file) => {
  const place = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.js`))
  return place < 0 ? LONGEST.length : place
}

export default {
  files,
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
  workerThreads: false,
  // More than there are CPUs: a fifth of the time, a file waits for the kernel, or for a process.
  concurrency: 3,
  // Without a test that ends.
  timeout: process.env.SLIPWAY_TESTS === 'long' ? '20m' : '2m',
}
