// TypeScript, with each way that it resolves packages: everything that is exported has types.
import { Slipway, SlipwayError, type CreateOptions, type Endpoint, type Sandbox, type SlipwayErrorCode } from 'slipway'

const options: CreateOptions = { name: 'app', publish: ['8080:80'] }
await using slipway = await Slipway.open()
const app: Sandbox = await slipway.sandboxes.create(options)
const [endpoint]: readonly Endpoint[] = app.endpoints
console.log(`${app.name} ${app.ports[0]?.hostPort}`)
if (endpoint === undefined) throw new Error('no endpoint')
await app.remove()
try {
  // @ts-expect-error A network is a name.
  await slipway.sandboxes.create({ network: 1 })
} catch (error) {
  const code: SlipwayErrorCode | undefined = error instanceof SlipwayError ? error.code : undefined
  console.log(code)
}
