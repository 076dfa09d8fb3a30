#!/usr/bin/env node
// Why: starts the command `slipway` (command.ts) with what was compiled of it before.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CodeCache } from '../base/code-cache.js'
import type * as command from './command.js'

/** Written by scripts/setup/bundle.mjs. */
declare const BUILD: string

const cache = new CodeCache(import.meta.dirname, BUILD, createRequire(import.meta.filename))

// What the library has to say beside its answers, in the command's words: Node.js would tell its own process number.
const usual = process.listeners('warning')
process.removeAllListeners('warning').on('warning', (warning) => {
  const { code = '' } = warning as NodeJS.ErrnoException
  if (code.startsWith('SLIPWAY_')) process.stderr.write(`slipway: note: ${warning.message}\n`)
  else for (const listener of usual) listener(warning)
})

async function start(): Promise<void> {
  const { main } = cache.load(join(import.meta.dirname, 'command.js')) as typeof command
  const done = await main(process.argv.slice(2))
  process.once('exit', () => cache.keep(done))
}

void start()
