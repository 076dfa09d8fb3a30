// Why: one process a trial, in namespaces of its own: nothing that one arm leaves behind (a warm cache, a bridge
// port, a heap) meets the next. Takes the trial's JSON as its argument and prints the result's.
import { exec } from './arms/exec.js'
import { floor } from './arms/floor.js'
import { ours } from './arms/ours.js'
import { requireOwnNamespaces } from './own-namespace.js'
import type { TrialSpec } from './trial-spec.js'

requireOwnNamespaces()
const spec = JSON.parse(process.argv[2] ?? '') as TrialSpec
const arms = { ours, floor, exec }
process.stdout.write(JSON.stringify(await arms[spec.arm](spec)))
