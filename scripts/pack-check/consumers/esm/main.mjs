// What a program of ES modules does first; bundled, it does the same.
import { Slipway, SlipwayError } from 'slipway'

const slipway = await Slipway.open()
const app = await slipway.sandboxes.create({ name: 'app', publish: ['8080:80'] })
console.log(`${app.name} ${app.ports[0].hostPort}`)
await app.remove()
try {
  await slipway.sandboxes.get('app')
} catch (error) {
  console.log(error instanceof SlipwayError ? error.code : error)
}
await slipway.close()
