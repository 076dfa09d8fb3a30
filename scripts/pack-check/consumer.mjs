// Why: what a consumer does first, run by pack-check.mjs in the folder that the package was installed in, on a
// machine that looks like a consumer's. It also tells which addon and libraries were really mapped.
import { readFileSync } from 'node:fs'
import { Slipway } from 'slipway'

const slipway = await Slipway.open()
const sandbox = await slipway.sandboxes.create({ name: 'packed', publish: ['8080:80'] })
console.log(`${sandbox.path} ${JSON.stringify(sandbox.ports)}`)
// What is loaded when it is needed: a resolver, and what reads IPv6.
const network = await slipway.networks.create({ name: 'web', ipv6: true })
await sandbox.connect('web')
console.log(JSON.stringify(sandbox.inspect().Networks.web))
await sandbox.remove()
await network.remove()
await slipway.close()

const mapped = new Set(
  [...readFileSync('/proc/self/maps', 'utf8').matchAll(/\/\S*(?:slipway[^/]*\.node|libmnl\S*|libnftnl\S*)$/gm)].map(
    ([file]) => file,
  ),
)
console.log([...mapped].join('\n'))
