import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Facts } from './facts.js'
import type { Run } from './pictures/measured.js'
import type { Scheduled } from './schedule.js'
import type { TrialResult } from './trial-spec.js'

/** One trial and what it measured. */
export interface Sample extends Scheduled {
  result: TrialResult
}

/** Git-ignored. */
const FOLDER = fileURLToPath(new URL('../bench/results', import.meta.url))

/** Keeps everything that was measured, in the order it was; returns the file. */
export function keepSamples(facts: Facts, seed: number, samples: readonly Sample[], file?: string): string {
  mkdirSync(FOLDER, { recursive: true })
  const path = file ?? join(FOLDER, `${facts.date.replaceAll(':', '-')}.json`)
  writeFileSync(path, `${JSON.stringify({ unit: 'µs', facts, seed, samples })}\n`)
  return path
}

/** What {@link keepSamples} has written, of this version or of an earlier one. */
export const readRun = (path: string): Run => JSON.parse(readFileSync(path, 'utf8')) as Run
