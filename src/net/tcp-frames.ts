// Messages on a byte stream: two octets of length before each one (RFC 1035 §4.2.2), however the stream is cut.

/** Puts a message behind its length. @throws {RangeError} over 65535 octets */
export function frameMessage(octets: Uint8Array): Uint8Array {
  if (octets.length > 65_535) throw new RangeError(`Cannot frame message of ${octets.length} octets, limit is 65535`)
  const framed = new Uint8Array(octets.length + 2)
  framed[0] = octets.length >>> 8
  framed[1] = octets.length & 0xff
  framed.set(octets, 2)
  return framed
}

export interface FrameSplitter {
  /** Takes the next piece of the stream and calls back once for each message that it completes. */
  push(chunk: Uint8Array): void
  /** Octets of a message, its length included, that is not complete yet. */
  pendingOctets(): number
}

/** Cuts a stream into messages; holds at most one message of 65,535 octets. */
export function createFrameSplitter(onMessage: (octets: Uint8Array) => void): FrameSplitter {
  let frame = new Uint8Array(2)
  let filled = 0
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length;) {
        const taken = Math.min(frame.length - filled, chunk.length - at)
        frame.set(chunk.subarray(at, at + taken), filled)
        filled += taken
        at += taken
        if (filled === 2 && frame.length === 2) {
          const grown = new Uint8Array(2 + (((frame[0] ?? 0) << 8) | (frame[1] ?? 0)))
          grown.set(frame)
          frame = grown
        }
        if (filled === frame.length && filled >= 2) {
          const message = frame.subarray(2)
          frame = new Uint8Array(2)
          filled = 0
          onMessage(message)
        }
      }
    },
    pendingOctets: () => filled,
  }
}
