// Cuts YAML text that arrives in chunks into its documents, and the documents of Kubernetes lists into their items, by
// lines: `---` between documents; under `items:` at the first column every line that begins with the first item's dash.
// Anchors that reach from one item into another are not followed; nothing that prints Kubernetes lists writes any.

/** One document, or one item of a list's document, as YAML text of its own. */
export interface YamlPiece {
  readonly text: string
  /** Counted from 1. */
  readonly document: number
  /** Counted from 0; -1 for what a document holds besides its items. */
  readonly item: number
  /** Line of the piece's first line in the stream, counted from 1. */
  readonly line: number
}

/** Cuts one stream; `push` its texts, then `end`. Pieces without any content are not given. */
export class YamlSplitter {
  readonly #sink: (piece: YamlPiece) => void
  #rest = ''
  #line = 0
  #document = 1
  #item = -1
  /** Column of the dashes of `items:`; -1 outside, -2 when `items:` was just read. */
  #dash = -1
  #lines: string[] = []
  #firstLine = 1
  /** The document's lines outside its items, put aside while these are read. */
  #shell: string[] = []
  #shellLine = 1

  constructor(sink: (piece: YamlPiece) => void) {
    this.#sink = sink
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
  }

  /** Tells that the stream is over. */
  end(): void {
    if (this.#rest !== '') this.#take(this.#rest)
    this.#rest = ''
    this.#endDocument()
  }

  #take(line: string): void {
    this.#line += 1
    if (/^(---|\.\.\.)(\s|$)/.test(line)) {
      this.#endDocument()
      this.#add(line.slice(3))
    } else if (this.#dash === -2) this.#takeAfterItems(line)
    else if (this.#dash >= 0) this.#takeInItems(line)
    else if (/^items:\s*(#.*)?$/.test(line)) {
      this.#add(line)
      this.#dash = -2
    } else this.#add(line)
  }

  #takeAfterItems(line: string): void {
    const dash = /^( *)- /.exec(line)
    if (dash === null) {
      this.#add(line)
      if (!isEmpty(line)) this.#dash = -1
      return
    }
    this.#dash = dash[1]?.length ?? 0
    this.#shell = this.#lines
    this.#shellLine = this.#firstLine
    this.#lines = []
    this.#beginItem(line)
  }

  #takeInItems(line: string): void {
    const column = line.search(/\S/)
    if (column === this.#dash && line.startsWith('- ', column)) {
      this.#endItem()
      this.#beginItem(line)
    } else if (column < 0 || column > this.#dash || line[column] === '#') this.#add(line)
    else {
      this.#endItem()
      this.#dash = -1
      this.#lines = this.#shell
      this.#firstLine = this.#shellLine
      this.#add(line)
    }
  }

  #beginItem(line: string): void {
    this.#item += 1
    this.#lines = [`${line.slice(0, this.#dash)}  ${line.slice(this.#dash + 2)}`]
    this.#firstLine = this.#line
  }

  #endItem(): void {
    this.#give(this.#item)
  }

  #endDocument(): void {
    if (this.#dash >= 0) {
      this.#endItem()
      this.#lines = this.#shell
      this.#firstLine = this.#shellLine
    }
    this.#dash = -1
    this.#give(-1)
    if (this.#lines.length > 0) this.#lines = []
    this.#shell = []
    this.#item = -1
    this.#firstLine = this.#line
  }

  #give(item: number): void {
    if (!this.#lines.every(isEmpty)) {
      this.#sink({ text: this.#lines.join('\n'), document: this.#document, item, line: this.#firstLine })
      if (item < 0) this.#document += 1
    }
    this.#lines = []
  }

  #add(line: string): void {
    if (this.#lines.length === 0) {
      if (isEmpty(line)) return
      this.#firstLine = this.#line
    }
    this.#lines.push(line)
  }
}

function isEmpty(line: string): boolean {
  return /^\s*(#.*)?$/.test(line)
}
