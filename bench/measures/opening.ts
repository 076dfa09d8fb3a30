// Why: a program of its own, as only that can be timed from its first line. Prints microseconds.
const began = performance.now()
const { Slipway } = await import('slipway')
const slipway = await Slipway.open()
const took = performance.now() - began
await slipway.close()
process.stdout.write(String(took * 1000))
