// Cuts JSON text that arrives in chunks into its documents, and the documents of Kubernetes lists into their items, so that
// a dump of any size is parsed item by item. A scanner of octets: it knows brackets and strings, JSON.parse knows the rest.
//
//   {"apiVersion":"v1","items":[{…},{…}],"kind":"List"}      the shell is {"apiVersion":"v1","items":[],"kind":"List"}
//    └ depth 1 ────────────────┘└ depth 2: one item each

/** One value cut out, with its place: `item` counts within the document from 0, or is -1 for a document's shell. */
export interface JsonPiece {
  readonly text: string
  /** Counted from 1. */
  readonly document: number
  readonly item: number
  /** Octets before the value, counted from the start of the stream. */
  readonly offset: number
}

/** Text that cannot be cut: where, and why. */
export interface JsonFault {
  readonly offset: number
  readonly document: number
  readonly why: string
}

export interface JsonSink {
  /** An element of the document's `items`, or of the document itself when it is an array. */
  item(piece: JsonPiece): void
  /**
   * Several elements in one text that was guessed to hold whole ones, as a JSON array.
   *
   * @returns how many there are; -1 when it is no JSON, and the splitter then gives them one by one
   */
  items(piece: JsonPiece): number
  /** What the document holds besides its items; called when it ends. */
  shell(piece: JsonPiece): void
  /** The stream is not looked at any further. */
  fault(fault: JsonFault): void
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const SPACE = 0x20
/** The octets of U+FEFF in UTF-8, which Windows editors put first. */
const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf])

/** Cuts one stream; `push` its chunks, then `end`. */
export class JsonSplitter {
  readonly #sink: JsonSink
  #depth = 0
  #inString = false
  #escaped = false
  /** Depth at which the elements being cut out begin: 2 in `items`, 1 in a document that is an array, 0 for none. */
  #itemDepth = 0
  /** Whether the scanner stands in an element. */
  #inItem = false
  #item = 0
  #document = 0
  #offset = 0
  #documentOffset = 0
  #pieceOffset = 0
  #faulty = false
  /** Octets of the document outside its items, as far as they were seen in earlier chunks. */
  #shell: Buffer[] = []
  /** Octets of the element at hand from earlier chunks. */
  #pending: Buffer[] = []
  #start = -1
  /** At depth 1 of an object: the beginning of the last string, and that of the member being read. */
  #key = ''
  #lastKey = ''

  constructor(sink: JsonSink) {
    this.#sink = sink
  }

  /** What the current document holds before its items, an unfinished JSON text. */
  get shellSoFar(): string {
    return Buffer.concat(this.#shell).toString('utf8')
  }

  push(chunk: Buffer): void {
    // Where the octets begin that belong to the shell or the element at hand; -1 between elements and documents.
    this.#start = this.#depth === 0 || this.#isBetweenItems() ? -1 : 0
    let at = 0
    while (at < chunk.length && !this.#faulty) {
      if (this.#inString) at = this.#skipString(chunk, at)
      else if (this.#inItem) at = this.#skipItem(chunk, at)
      else at = this.#step(chunk, at)
    }
    if (this.#start >= 0) (this.#inItem ? this.#pending : this.#shell).push(Buffer.from(chunk.subarray(this.#start)))
    this.#offset += chunk.length
  }

  /** Tells that the stream is over. */
  end(): void {
    if (this.#faulty || this.#depth === 0) return
    this.#fail(0, 'it ends in the middle of an object: is the file cut off?')
  }

  /** The scanner's inner loop: from inside an element to its end, or to a string in it; gives where to go on. */
  #skipItem(chunk: Buffer, from: number): number {
    const floor = this.#itemDepth
    let depth = this.#depth
    let at = from
    for (; at < chunk.length; at += 1) {
      const octet = chunk[at]
      if (octet === QUOTE) {
        // Most strings are short and hold no backslash: looked through here, without leaving the loop.
        const begin = at
        do at += 1
        while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH)
        if (at < chunk.length && chunk[at] === QUOTE) continue
        this.#inString = true
        at = begin + 1
        break
      }
      if (octet === OPEN_BRACE || octet === OPEN_BRACKET) depth += 1
      else if (octet === CLOSE_BRACE || octet === CLOSE_BRACKET) {
        depth -= 1
        if (depth > floor) continue
        this.#inItem = false
        this.#sink.item(this.#cut(chunk, at))
        this.#item += 1
        this.#start = -1
        at += 1
        break
      }
    }
    this.#depth = depth
    return at
  }

  /** From inside a string to behind its closing quote, or to the end of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && this.#inString) {
      const octet = chunk[at]
      if (this.#escaped) this.#escaped = false
      else if (octet === BACKSLASH) this.#escaped = true
      else if (octet === QUOTE) this.#inString = false
      at += 1
    }
    if (this.#isTop() && this.#key.length <= 'items'.length) {
      const end = this.#inString ? at : at - 1
      this.#key += chunk.toString('latin1', from, Math.min(end, from + 8))
    }
    return at
  }

  /** One octet outside strings and elements; gives where to go on. */
  #step(chunk: Buffer, at: number): number {
    const octet = chunk[at] ?? 0
    switch (octet) {
      case QUOTE:
        if (this.#depth === 0 || this.#isBetweenItems()) this.#fail(at, 'a string stands where an object must')
        this.#inString = true
        this.#key = ''
        break
      case COLON:
        if (this.#isTop()) this.#lastKey = this.#key
        break
      case COMMA:
        if (this.#isTop()) this.#lastKey = ''
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (this.#isBetweenItems()) return this.#openItem(chunk, at)
        this.#open(chunk, at)
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#close(chunk, at)
        break
      default:
        if (octet > SPACE && (this.#depth === 0 || this.#isBetweenItems()) && !BYTE_ORDER_MARK.has(octet)) {
          this.#fail(at, `"${String.fromCharCode(octet)}" stands where an object must`)
        }
    }
    return at + 1
  }

  #open(chunk: Buffer, at: number): void {
    const isArray = chunk[at] === OPEN_BRACKET
    if (this.#depth === 0) {
      this.#beginDocument(at)
      if (isArray) this.#beginItems(chunk, at)
      return
    }
    const isList = isArray && this.#isTop() && this.#lastKey === 'items'
    this.#depth += 1
    if (isList) this.#beginItems(chunk, at)
  }

  /**
   * Begins an element, or takes several whole ones at once: where an element's brace stands alone on an
   * indented line, as kubectl prints it, the last brace of that indentation ends the last whole one. Found by the
   * runtime's own search, and JSON.parse proves the guess.
   */
  #openItem(chunk: Buffer, at: number): number {
    this.#pieceOffset = this.#offset + at
    const end = chunk[at] === OPEN_BRACE ? guessLastEnd(chunk, at) : -1
    if (end >= 0) {
      const text = `[${chunk.toString('utf8', at, end + 1)}]`
      const count = this.#sink.items({ text, document: this.#document, item: this.#item, offset: this.#pieceOffset })
      if (count >= 0) {
        this.#item += count
        return end + 1
      }
    }
    this.#start = at
    this.#inItem = true
    this.#depth += 1
    return at + 1
  }

  #close(chunk: Buffer, at: number): void {
    if (this.#depth === 0) return this.#fail(at, 'a bracket is closed that was not opened')
    if (this.#isBetweenItems()) {
      this.#itemDepth = 0
      this.#start = at
    }
    this.#depth -= 1
    if (this.#depth === 0) this.#endDocument(chunk, at)
  }

  #isTop(): boolean {
    return this.#depth === 1 && this.#itemDepth === 0
  }

  #isBetweenItems(): boolean {
    return this.#itemDepth > 0 && this.#depth === this.#itemDepth && !this.#inItem
  }

  #beginDocument(at: number): void {
    this.#document += 1
    this.#item = 0
    this.#documentOffset = this.#offset + at
    this.#depth = 1
    this.#lastKey = ''
    this.#start = at
  }

  /** The shell keeps the bracket; the elements are cut out of it. */
  #beginItems(chunk: Buffer, at: number): void {
    this.#itemDepth = this.#depth
    this.#shell.push(Buffer.from(chunk.subarray(this.#start, at + 1)))
    this.#start = -1
  }

  #cut(chunk: Buffer, at: number): JsonPiece {
    const last = chunk.subarray(this.#start, at + 1)
    const text =
      this.#pending.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#pending, last]).toString('utf8')
    this.#pending = []
    return { text, document: this.#document, item: this.#item, offset: this.#pieceOffset }
  }

  #endDocument(chunk: Buffer, at: number): void {
    this.#shell.push(chunk.subarray(this.#start, at + 1))
    const text = this.shellSoFar
    this.#shell = []
    this.#start = -1
    this.#sink.shell({ text, document: this.#document, item: -1, offset: this.#documentOffset })
  }

  #fail(at: number, why: string): void {
    this.#faulty = true
    this.#sink.fault({ offset: this.#offset + at, document: Math.max(this.#document, 1), why })
  }
}

const LINE_FEED = 0x0a
/** Deeper indentation than kubectl's is not looked for. */
const MOST_INDENT = 16
/** Parsed at once: little enough that what JSON.parse makes of it is gone before the collector copies it. */
const BATCH_OCTETS = 1 << 17

/** Index of the last brace within a batch that closes a line of the same indentation as the one at `at`; -1: none does. */
function guessLastEnd(chunk: Buffer, at: number): number {
  let indent = 0
  while (indent <= MOST_INDENT && chunk[at - indent - 1] === SPACE) indent += 1
  if (chunk[at - indent - 1] !== LINE_FEED || indent === 0 || indent > MOST_INDENT) return -1
  const closing = `\n${' '.repeat(indent)}}`
  const found = chunk.lastIndexOf(closing, Math.min(at + BATCH_OCTETS, chunk.length), 'latin1')
  return found <= at ? -1 : found + closing.length - 1
}
