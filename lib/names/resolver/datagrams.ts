import { nextTick } from '../../base/timers.js'
import { canonical } from '../../base/name-options.js'
import { toText } from '../../base/addresses/ipv4.js'
import { Datagrams as Native, type NativeDatagrams } from '../../kernel/native.js'

/** A slot of a buffer, as `native/host/datagrams.h` draws it. */
const SLOTS = 64
const AT_CUT = 2
const AT_ADDRESS = 8
const AT_MESSAGE = 64
export const LONGEST_DATAGRAM = 4096
const SLOT = AT_MESSAGE + LONGEST_DATAGRAM
/** A socket address: the port and the address of IPv4 and of IPv6. */
const AT_PORT = 2
const AT_IPV4 = 4
const AT_IPV6 = 8
const IPV6_LENGTH = 16
const AF_INET6 = 10
/** Addresses of which the text is kept. */
const MOST_TEXTS = 4096

/** A datagram that has come. */
export interface Received {
  message: Buffer
  /** It was longer, and what did not fit is lost. */
  cut: boolean
  /** Canonical. */
  address: string
  port: number
  /** Who sent it, for a reply. */
  sender: Buffer
}

/**
 * UDP sockets that are read and written by many datagrams at a time: a system call for each, and a turn of the event
 * loop, cost more than an answer.
 */
export class Datagrams {
  readonly #input = Buffer.alloc(SLOTS * SLOT)
  readonly #output = Buffer.alloc(SLOTS * SLOT)
  /** The same bytes, where the kernel has numbers in this machine's order. */
  readonly #inputWords = wordsOf(this.#input)
  readonly #outputWords = wordsOf(this.#output)
  readonly #native: NativeDatagrams = new Native(this.#input, this.#output, (socket, count) =>
    this.#receive(socket, count),
  )
  readonly #heard = new Map<number, (received: readonly Received[]) => void>()
  readonly #texts = new Map<number | string, string>()
  /** Of the datagrams that wait in the output. */
  #socket = 0
  #waiting = 0

  /**
   * Listens on a bound socket, which is closed by {@link close} or by the end of this thread. @returns The socket's
   * number.
   */
  listen(fd: number, heard: (received: readonly Received[]) => void): number {
    const socket = this.#native.add(fd)
    this.#heard.set(socket, heard)
    return socket
  }

  close(socket: number): void {
    this.#send()
    this.#heard.delete(socket)
    this.#native.remove(socket)
  }

  /** Sends a reply, with all others of this turn of the event loop. */
  reply(socket: number, { sender }: Received, message: Buffer): void {
    if (this.#waiting === SLOTS || (this.#waiting > 0 && socket !== this.#socket)) this.#send()
    if (this.#waiting === 0) nextTick(() => this.#send())
    const start = this.#waiting++ * SLOT
    this.#socket = socket
    this.#outputWords[start / 2] = message.length
    sender.copy(this.#output, start + AT_ADDRESS)
    message.copy(this.#output, start + AT_MESSAGE)
  }

  #send(): void {
    if (this.#waiting > 0) this.#native.send(this.#socket, this.#waiting)
    this.#waiting = 0
  }

  #receive(socket: number, count: number): void {
    this.#heard.get(socket)?.(Array.from({ length: count }, (_, index) => this.#read(index * SLOT)))
  }

  /** A copy: it may wait while the next ones come in. */
  #read(start: number): Received {
    const end = start + AT_MESSAGE + (this.#inputWords[start / 2] ?? 0)
    const bytes = Buffer.allocUnsafe(end - start - AT_ADDRESS)
    this.#input.copy(bytes, 0, start + AT_ADDRESS, end)
    const sender = bytes.subarray(0, AT_MESSAGE - AT_ADDRESS)
    return {
      message: bytes.subarray(AT_MESSAGE - AT_ADDRESS),
      cut: this.#input[start + AT_CUT] === 1,
      address: this.#addressOf(sender, this.#inputWords[(start + AT_ADDRESS) / 2]),
      port: sender.readUInt16BE(AT_PORT),
      sender,
    }
  }

  #addressOf(sender: Buffer, family: number | undefined): string {
    const key =
      family === AF_INET6 ? sender.toString('latin1', AT_IPV6, AT_IPV6 + IPV6_LENGTH) : sender.readUInt32BE(AT_IPV4)
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear()
    const text = typeof key === 'number' ? toText(key) : ipv6Text(sender)
    this.#texts.set(key, text)
    return text
  }
}

const wordsOf = ({ buffer, byteOffset, length }: Buffer): Uint16Array => new Uint16Array(buffer, byteOffset, length / 2)

const ipv6Text = (sender: Buffer): string =>
  canonical((sender.toString('hex', AT_IPV6, AT_IPV6 + IPV6_LENGTH).match(/.{4}/g) ?? []).join(':'))
