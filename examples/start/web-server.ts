// The process inside the sandbox `web`: it knows nothing of Slipway. Ends with whoever started it.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const client = request.socket.remoteAddress?.replace('::ffff:', '')
  response.setHeader('content-type', 'application/json')
  response.setHeader('connection', 'close')
  response.end(JSON.stringify({ page: 'Hello from web', client }))
})
server.listen(80, () => process.stdout.write('listening\n'))
process.stdin.resume().on('end', () => process.exit())
