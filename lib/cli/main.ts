#!/usr/bin/env node
// Why: the command `slipway`. What it can do stands in program.ts; here is only how it ends.
import { createRequire } from 'node:module'
import { reportFailure } from './failures.js'

// Who reads our output may have enough of it: `slipway ls | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  const { version } = createRequire(import.meta.url)('slipway/package.json') as { version: string }
  // Here and not above: what fails while it loads (the addon) is reported like everything else.
  const { makeProgram } = await import('./program.js')
  await makeProgram(version).parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error)
}
