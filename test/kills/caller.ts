import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Makes a TCP connection for each line on standard input (`10.7.0.2 80`), and prints what came of it: what it was told,
 * `refused`, or `no answer`.
 */

/** An answer that should come is waited for with patience: where it does not, the test fails. */
const PATIENCE_MS = 5000

async function call(line: string): Promise<string> {
  const [host = '', port, patience = PATIENCE_MS] = line.split(' ')
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ host, port: Number(port) })
    socket.setTimeout(Number(patience), () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    socket.setEncoding('utf8').on('data', (text: string) => (said += text))
    socket.on('end', () => resolve(said))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'no answer')
    })
  })
}

createInterface({ input: process.stdin }).on('line', (line) => {
  void call(line).then((said) => process.stdout.write(`${line}: ${said}\n`))
})
