// Why: a program of its own, as only that can be timed from its first line. Prints microseconds: of the import, of
// open().
const began = performance.now()
const { Slipway } = await import('slipway')
const imported = performance.now()
const slipway = await Slipway.open()
const opened = performance.now()
await slipway.close()
process.stdout.write(JSON.stringify([imported - began, opened - imported].map((milliseconds) => milliseconds * 1000)))
