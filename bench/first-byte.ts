import { connect, createServer, type Server } from 'node:net'

/** A server that says hello and hangs up. */
export const greeter = (): Server => createServer((socket) => socket.end('hello\n'))

/** Resolves when the first byte has come from a port of this host. */
export function firstByte(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
    socket.once('end', () => reject(new Error(`port ${port} hung up without a word`)))
    socket.once('error', reject)
  })
}
