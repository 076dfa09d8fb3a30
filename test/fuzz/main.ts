import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import { inputsOf } from './mutate.js'
import { writeNativeSeeds } from './seeds.js'
import { targets } from './targets.js'

/**
 * One target of TypeScript for a while: `node build-test/fuzz/main.js TARGET SECONDS FINDINGS`. The inputs are tried on
 * a thread, so that one that does not come to an end is found, too. With `seeds FOLDER` it writes what the fuzzers of
 * native/fuzz begin with.
 */
const [name = '', seconds = '', findings = ''] = process.argv.slice(2)

/** Each takes microseconds. */
const PATIENCE = 30_000
const LOOK = 1_000
const BATCH = 500
const LARGEST = 1 << 17

interface Shared {
  /** How many have been begun, and how long the present one is. */
  numbers: Int32Array
  input: Uint8Array
}

function tryInputs({ numbers, input: copy }: Shared): void {
  const target = targets.find((one) => one.name === name)
  if (!target) throw new Error(`no target ${name}`)
  const property = fc.property(inputsOf(target), (input) => {
    copy.set(input.subarray(0, LARGEST))
    numbers[1] = input.length
    Atomics.add(numbers, 0, 1)
    target.run(input)
  })
  for (const seed of target.seeds) target.run(seed)
  const end = performance.now() + Number(seconds) * 1000
  while (performance.now() < end) {
    const result = fc.check(property, {
      numRuns: BATCH,
      interruptAfterTimeLimit: Math.max(1000, end - performance.now()),
      markInterruptAsFailure: false,
    })
    if (!result.failed) continue
    const [input = Buffer.alloc(0)] = result.counterexample ?? []
    save(input)
    throw result.errorInstance instanceof Error ? result.errorInstance : new Error(String(result.errorInstance))
  }
}

function save(input: Uint8Array): void {
  mkdirSync(findings, { recursive: true })
  const path = join(findings, `${name}-${Date.now()}`)
  writeFileSync(path, input)
  console.error(
    `${name}: the input is in ${path}:\n${JSON.stringify(Buffer.from(input).toString('latin1')).slice(0, 2000)}`,
  )
}

function watch(): void {
  const numbers = new Int32Array(new SharedArrayBuffer(8))
  const input = new Uint8Array(new SharedArrayBuffer(LARGEST))
  const worker = new Worker(new URL(import.meta.url), {
    argv: process.argv.slice(2),
    workerData: { numbers, input } satisfies Shared,
  })
  let before = { count: -1, since: performance.now() }
  const look = setInterval(() => {
    const count = Atomics.load(numbers, 0)
    if (count !== before.count) {
      before = { count, since: performance.now() }
      console.log(`${name}: ${count} inputs`)
    } else if (performance.now() - before.since > PATIENCE) {
      save(input.slice(0, numbers[1]))
      console.error(`${name}: it does not come to an end`)
      process.exit(1)
    }
  }, LOOK)
  worker.on('error', (error) => {
    console.error(`${name}:`, error)
    process.exitCode = 1
  })
  worker.on('exit', () => {
    clearInterval(look)
    console.log(`${name}: ${Atomics.load(numbers, 0)} inputs`)
  })
}

if (name === 'seeds') writeNativeSeeds(seconds)
else if (isMainThread) watch()
else tryInputs(workerData as Shared)
