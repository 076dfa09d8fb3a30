// Why: tests are compiled first (build-test/), and each file gets a process of its own: tests enter
// namespaces and preload sanitizers, neither of which worker threads can do apart from each other.
export default {
  files: ['build-test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '2m',
}
