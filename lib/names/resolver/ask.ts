import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { frame, FrameReader } from './frames.js'
import { isResponseTo } from './message.js'
import { setTimeout, clearTimeout } from '../../base/timers.js'

/** Runs a synchronous function with this thread in the network namespace that is "the host". */
export type InHost = <T>(work: () => T) => T

/** A question to one nameserver. */
export interface Asked {
  /** IP address; a zone (`fe80::1%eth0`) is the host's. */
  server: string
  message: Buffer
  questionEnd: number
  milliseconds: number
  /** Called when it has said nothing for so long. */
  silent: () => void
  inHost: InHost
  /** What is under way, each as a function that gives it up. */
  pending: Set<() => void>
}

const PORT = 53

/**
 * The response, or `undefined` when there was none in time. A port of its own for each question, chosen by the kernel.
 */
export function askByUdp(asked: Asked): Promise<Buffer | undefined> {
  const { server, message } = asked
  const family = isIPv6(server) ? 6 : 4
  return settle(asked, (finish) => {
    // A lookup that answers at once: with Node's own, the socket would come about later and elsewhere.
    const socket = createSocket({
      type: `udp${family}`,
      lookup: (name, _options, answer) => answer(null, name, family),
    })
    let open = true
    socket.unref()
    socket.on('error', () => finish(undefined))
    socket.on('message', (bytes) => {
      if (isResponseTo(bytes, message, asked.questionEnd)) finish(bytes)
    })
    socket.bind({ port: 0, exclusive: true })
    // Connected: the kernel drops what others send, and tells when nobody listens there.
    // Refused (no route), the callback is given why, and no error event comes.
    socket.connect(PORT, server, (refused?: Error) => {
      if (refused) finish(undefined)
      else if (open) socket.send(message, (error) => error && finish(undefined))
    })
    return () => {
      open = false
      socket.close()
    }
  })
}

/** As {@link askByUdp}. */
export function askByTcp(asked: Asked): Promise<Buffer | undefined> {
  const { server, message } = asked
  const family = isIPv6(server) ? 6 : 4
  return settle(asked, (finish) => {
    // A name, since an address would be connected to later and elsewhere; the lookup says at once which address it is.
    const socket = connect({
      host: 'nameserver',
      port: PORT,
      autoSelectFamily: false,
      lookup: (_name, _options, answer) => answer(null, server, family),
    })
    const frames = new FrameReader()
    socket.unref()
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('data', (chunk) => {
      for (const bytes of frames.read(chunk)) if (isResponseTo(bytes, message, asked.questionEnd)) finish(bytes)
    })
    socket.write(frame(message))
    return () => socket.destroy()
  })
}

function settle(
  asked: Asked,
  begin: (finish: (response: Buffer | undefined) => void) => () => void,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let close: (() => void) | undefined
    let finished = false
    const finish = (response: Buffer | undefined): void => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      asked.pending.delete(giveUp)
      close?.()
      resolve(response)
    }
    const giveUp = () => finish(undefined)
    const timer = setTimeout(() => {
      asked.silent()
      giveUp()
    }, asked.milliseconds).unref()
    asked.pending.add(giveUp)
    try {
      close = asked.inHost(() => begin(finish))
      // It may have failed before there was anything to close.
      if (finished) close()
    } catch {
      // The host's namespace is gone, or out of descriptors: as if nobody had answered.
      giveUp()
    }
  })
}
