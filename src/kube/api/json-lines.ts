// A stream of JSON documents, one on each line, as the watch API sends them; a line has a bounded length.

/** A line that grew past the limit: the stream cannot be trusted further. */
export class LongLineError extends Error {
  constructor(limitOctets: number) {
    super(`a line is longer than ${limitOctets} octets`)
    this.name = 'LongLineError'
  }
}

const NEWLINE = 0x0a

/**
 * Splits octets into lines; gives those that a part completes.
 *
 * What is held is at most one line of `limitOctets`.
 *
 * @throws {LongLineError}
 */
export function createLineSplitter(limitOctets: number): (part: Buffer) => string[] {
  let held: Buffer[] = []
  let heldOctets = 0
  return (part) => {
    const lines: string[] = []
    let start = 0
    for (let end = part.indexOf(NEWLINE); end >= 0; end = part.indexOf(NEWLINE, start)) {
      const rest = part.subarray(start, end)
      if (heldOctets + rest.length > limitOctets) throw new LongLineError(limitOctets)
      const line = held.length === 0 ? rest.toString('utf8') : Buffer.concat([...held, rest]).toString('utf8')
      held = []
      heldOctets = 0
      start = end + 1
      if (line.trim() !== '') lines.push(line)
    }
    if (start < part.length) {
      heldOctets += part.length - start
      if (heldOctets > limitOctets) throw new LongLineError(limitOctets)
      // A copy: the part belongs to the socket's buffer pool.
      held.push(Buffer.from(part.subarray(start)))
    }
    return lines
  }
}
