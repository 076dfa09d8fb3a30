import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/**
 * Both ends of a connection, in whatever namespace it is started: `peer.js serve PORT...` tells everybody who connects
 * the address that it sees him by, until its input ends; `peer.js try TARGETS` prints what each target answers.
 */
export const PEER = fileURLToPath(import.meta.url)

export interface Target {
  host: string
  port: number
}

export const NO_ANSWER = 'no answer'
/** A connection that is let through takes a millisecond. */
const PATIENCE_MS = 1500

async function serve(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(`seen as ${(socket.remoteAddress ?? '').replace('::ffff:', '')}`)
    })
    await once(server.listen(port), 'listening')
  }
  console.log('ready')
  await once(process.stdin.resume(), 'end')
  process.exit()
}

function answerOf(target: Target): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(target)
    const end = () => {
      socket.destroy()
      resolve(answer === '' ? NO_ANSWER : answer)
    }
    socket.setTimeout(PATIENCE_MS, end)
    socket
      .on('data', (text) => (answer += String(text)))
      .on('end', end)
      .on('error', end)
  })
}

if (process.argv[1] === PEER) {
  const [, , what, ...rest] = process.argv
  if (what === 'serve') await serve(rest.map(Number))
  else console.log(JSON.stringify(await Promise.all((JSON.parse(rest[0] ?? '') as Target[]).map(answerOf))))
}
