import { existsSync } from 'node:fs'
import { Slipway } from 'slipway'

// Why: a program as users write them, with the bundle. Its arguments are those of open(), as JSON; the marks are for
// strace.
const options = JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof Slipway.open>[0]
existsSync('/slipway-begin/open')
const slipway = await Slipway.open(options)
existsSync('/slipway-end/open')
await slipway.close()
