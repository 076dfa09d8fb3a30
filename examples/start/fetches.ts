import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import Table from 'cli-table3'
import type { Sandbox } from 'slipway'
import { HOST_ADDRESS, NEIGHBOUR } from './neighbourhood.js'
import { paint, say } from './style.js'

type Start = (args: string[]) => ChildProcess

interface Fetch {
  from: string
  start: Start
  url: string
  /** It has to fail: nothing was published that would let it in. */
  blocked?: true
}

const PIPED: SpawnOptions = { stdio: ['ignore', 'pipe', 'ignore'] }
const fromHost: Start = (args) => spawn('curl', args, PIPED)
const fromNeighbour: Start = (args) => spawn('ip', ['netns', 'exec', NEIGHBOUR, 'curl', ...args], PIPED)
const fromSandbox =
  (sandbox: Sandbox): Start =>
  (args) =>
    sandbox.spawn('curl', args, PIPED)

/** Fetches the page from everywhere and prints who got it, and as whom the server saw them. */
export async function fetchFromEverywhere(web: Sandbox, client: Sandbox): Promise<void> {
  const port = web.ports[0]?.hostPort
  const inside = web.endpoints[0]?.addresses[0]?.split('/')[0]
  const fetches: Fetch[] = [
    { from: 'this host', start: fromHost, url: `127.0.0.1:${port}` },
    { from: 'this host', start: fromHost, url: `${HOST_ADDRESS}:${port}` },
    { from: 'the other host', start: fromNeighbour, url: `${HOST_ADDRESS}:${port}` },
    { from: 'sandbox client', start: fromSandbox(client), url: `${HOST_ADDRESS}:${port}` },
    { from: 'sandbox client', start: fromSandbox(client), url: `${inside}:80` },
    { from: 'sandbox web, itself', start: fromSandbox(web), url: `${HOST_ADDRESS}:${port}` },
    { from: 'the other host', start: fromNeighbour, url: `${inside}:80`, blocked: true },
  ]
  const table = new Table({
    head: ['from', 'asks for', 'answer', 'web saw'],
    style: { head: [], border: [], compact: true },
  })
  let wrong = 0
  for (const one of fetches) {
    const answer = await fetch(one)
    if ((answer === undefined) !== (one.blocked ?? false)) wrong++
    const shown = answer
      ? paint('green', `200 ${answer.page}`)
      : one.blocked
        ? 'none: not a published port'
        : paint('red', 'none')
    table.push([one.from, `http://${one.url}/`, shown, answer?.client ?? ''])
  }
  say(indent(table.toString()))
  if (wrong > 0) throw new Error(`${wrong} of these fetches did not end as they should have.`)
}

async function fetch({ start, url, blocked }: Fetch): Promise<{ page: string; client: string } | undefined> {
  const curl = start(['--silent', '--fail', '--max-time', blocked ? '0.5' : '5', `http://${url}/`])
  const [body, [code]] = await Promise.all([
    curl.stdout ? text(curl.stdout) : '',
    once(curl, 'close') as Promise<[number | null]>,
  ])
  return code === 0 ? (JSON.parse(body) as { page: string; client: string }) : undefined
}

export const indent = (lines: string): string => lines.replace(/^/gm, '  ')
