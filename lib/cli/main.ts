#!/usr/bin/env node
// Why: starts the command `slipway` (command.ts) with what was compiled of it before.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CodeCache } from './code-cache.js'
import type * as command from './command.js'

/** Written by scripts/setup/bundle.mjs. */
declare const BUILD: string

const cache = new CodeCache(import.meta.dirname, BUILD, createRequire(import.meta.filename))

// Who reads our output may have enough of it: `slipway ls | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

async function start(): Promise<void> {
  const { main } = cache.load(join(import.meta.dirname, 'command.js')) as typeof command
  const done = await main(process.argv.slice(2))
  process.once('exit', () => cache.keep(done))
}

void start()
