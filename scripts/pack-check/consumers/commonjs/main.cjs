// CommonJS: Node.js 20.19 and later load an ES module by require().
const { Slipway, SlipwayError } = require('slipway')

async function main() {
  const slipway = await Slipway.open()
  const app = await slipway.sandboxes.create({ name: 'app', publish: ['8080:80'] })
  console.log(`${app.name} ${app.ports[0].hostPort}`)
  await app.remove()
  await slipway.sandboxes.get('app').catch((error) => console.log(error instanceof SlipwayError ? error.code : error))
  await slipway.close()
}

void main()
