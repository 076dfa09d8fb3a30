/** DNS over TCP: messages with their length in two bytes before them (RFC 1035, section 4.2.2). */

const LENGTH = 2
const NOTHING = Buffer.alloc(0)
const SMALLEST_HOLD = 512

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** Takes messages out of a stream, however it is cut. */
export class FrameReader {
  /**
   * What has come of a frame that is not whole yet. It grows by doubling, so that however small the pieces, a byte is
   * moved a few times only.
   */
  #held = NOTHING
  #filled = 0

  read(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    for (let at = 0; at < chunk.length;) {
      const whole = this.#filled === 0 ? frameEnd(chunk.subarray(at)) : undefined
      if (whole !== undefined && at + whole <= chunk.length) {
        messages.push(chunk.subarray(at + LENGTH, at + whole))
        at += whole
        continue
      }
      at += this.#hold(chunk.subarray(at))
      if (this.#filled !== frameEnd(this.#held.subarray(0, this.#filled))) continue
      messages.push(this.#held.subarray(LENGTH, this.#filled))
      this.#held = NOTHING
      this.#filled = 0
    }
    return messages
  }

  /**
   * Keeps what belongs to the frame that has begun: first its length, then the rest. @returns How many bytes that were.
   */
  #hold(bytes: Buffer): number {
    const end = frameEnd(this.#held.subarray(0, this.#filled)) ?? LENGTH
    const taken = bytes.subarray(0, end - this.#filled)
    const filled = this.#filled + taken.length
    if (filled > this.#held.length) {
      const larger = Buffer.alloc(Math.max(SMALLEST_HOLD, 2 * filled))
      this.#held.copy(larger, 0, 0, this.#filled)
      this.#held = larger
    }
    taken.copy(this.#held, this.#filled)
    this.#filled = filled
    return taken.length
  }
}

/** Where the frame ends that begins here; `undefined` where its length is not there yet. */
const frameEnd = (bytes: Buffer): number | undefined =>
  bytes.length < LENGTH ? undefined : LENGTH + bytes.readUInt16BE(0)
