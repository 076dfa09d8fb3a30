import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { NEIGHBOUR } from './host.js'
import type { Place } from './look.js'
import { PEER, type Target } from './peer.js'
import type { Reach } from './steps.js'
import { run } from '../../build-bench/peers/tools.js'

/** Served in every namespace: where nothing is published, that is what shows it. */
const SERVED = ['80', '81']

const HOST: Place = { name: 'host', netns: '/proc/self/ns/net' }

/**
 * Connects as the step says, from and to namespaces that each have a server on the ports 80 and 81.
 *
 * @returns By `from to host:port`, the address that the server saw the client by, or that there was no answer.
 */
export async function reach({ tries }: Reach, containers: readonly Place[]): Promise<Record<string, string>> {
  const places = [HOST, NEIGHBOUR, ...containers]
  const servers = await Promise.all(places.map(serveIn))
  try {
    const answers: Record<string, string> = {}
    for (const [from, targets] of Object.entries(tries)) {
      const place = places.find(({ name }) => name === from)
      if (!place) throw new Error(`There is no ${from} to connect from.`)
      const given = JSON.parse(
        run('nsenter', [`--net=${place.netns}`, process.execPath, PEER, 'try', JSON.stringify(targets.map(read))]),
      ) as string[]
      targets.forEach((target, index) => (answers[`${from} to ${target}`] = given[index] ?? ''))
    }
    return answers
  } finally {
    for (const server of servers) {
      const ended = once(server, 'exit')
      server.stdin.end()
      await ended
    }
  }
}

async function serveIn({ netns }: Place) {
  const server = spawn('nsenter', [`--net=${netns}`, process.execPath, PEER, 'serve', ...SERVED], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(server.stdout, 'data')
  return server
}

function read(target: string): Target {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(target) ?? []
  return { host, port: Number(port) }
}
