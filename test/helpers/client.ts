import { createSocket } from 'node:dgram'
import { get } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Attempt } from './attempts.js'

/**
 * A program that makes many connections at once, and prints what came of each. It runs inside the place that it tries
 * from.
 */

/** Milliseconds that a client waits for an answer that should come, on a busy machine too. */
const PATIENCE = 10_000
/** And after the last of these for one that should not. */
const DOUBT = 300

type Answer = (outcome: string) => void

function fetch({ address, port, from }: Attempt, answer: Answer): void {
  const request = get(
    { host: address, port, agent: false, ...(from === undefined ? {} : { localAddress: from }) },
    (response) => {
      response.setEncoding('utf8').on('data', answer)
    },
  )
  request.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ECONNREFUSED') answer('refused')
    else if (!isUnreachable(code)) throw new Error(`${address}:${port}: ${code}`)
  })
}

function ask({ address, port, from }: Attempt, answer: Answer): void {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  socket.on('message', (text) => answer(String(text)))
  socket.bind(0, from, () =>
    socket.send('who am I?', port, address, (error) => {
      const { code } = (error ?? {}) as NodeJS.ErrnoException
      if (error && !isUnreachable(code)) throw new Error(`${address}:${port}: ${code}`)
    }),
  )
}

const isUnreachable = (code: string | undefined) => code === 'ENETUNREACH' || code === 'EHOSTUNREACH'

const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

const attempts = JSON.parse(process.argv[2] ?? '') as Attempt[]
const outcomes = attempts.map(() => 'no answer')
const answers = attempts.map(
  (attempt, index) =>
    new Promise<void>((resolve) => {
      const answer = (outcome: string) => {
        outcomes[index] = outcome
        resolve()
      }
      if (attempt.protocol === 'tcp') fetch(attempt, answer)
      else ask(attempt, answer)
    }),
)
await Promise.race([Promise.all(answers.filter((_, index) => attempts[index]?.answers)), after(PATIENCE)])
await after(DOUBT)
process.stdout.write(JSON.stringify(outcomes), () => process.exit())
