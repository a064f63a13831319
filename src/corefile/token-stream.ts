// The expanded text as one run of tokens: the Corefile, and in the place of every import what it stands for. Files are
// read token by token from a stack of open ones, so that imports cost no copying.
import type { Token } from './ast.ts'
import type { Lexer } from './lexer.ts'

/** Most tokens a Corefile may come to, imports included: about 10 MB of text. */
export const MAX_TOKENS = 1_000_000

export interface TokenStream {
  /** The token that the parser stands on; undefined before the first `next`. */
  current(): Token | undefined
  /** Moves on; false at the end, with the last token still the current one. */
  next(): boolean
  /** Lets the following `next` give the current token once more. */
  hold(): void
  /** Whether the current token is the first of its row. */
  startsRow(): boolean
  /** Moves on if the next token is on the row of the current one. */
  nextOnRow(): boolean
  /** Puts the tokens of an import in front of what follows. `name` is what `isOpen` looks for. */
  push(tokens: Pick<Lexer, 'next'>, name: string): void
  /** Whether the tokens of an import were begun and are not read to their end: importing it again would never end. */
  isOpen(name: string): boolean
  /** Names of the imports that are open, the outermost first. */
  openNames(): string[]
  /** How many tokens were given so far. */
  count(): number
}

interface Frame {
  readonly name: string
  readonly tokens: Pick<Lexer, 'next'>
  /** Whether a token of it was given: two files of one glob wait side by side, and may import each other. */
  isStarted: boolean
  /** Read, but not given yet. */
  ahead: Token | undefined
}

export function createTokenStream(tokens: Pick<Lexer, 'next'>, name: string): TokenStream {
  const frames: Frame[] = [{ name, tokens, isStarted: false, ahead: undefined }]
  const open = new Map<string, number>()
  let current: Token | undefined
  let currentFrame: Frame | undefined
  /** Row of the current token inside its frame. */
  let frameRow = -1
  let row = -1
  let startsRow = false
  let held = false
  let count = 0

  function peek(frame: Frame | undefined): Token | undefined {
    if (frame === undefined) return undefined
    frame.ahead ??= frame.tokens.next()
    return frame.ahead
  }

  function countOpen(name: string, change: 1 | -1): void {
    open.set(name, (open.get(name) ?? 0) + change)
  }

  return {
    current: () => current,
    next() {
      if (held) {
        held = false
        return true
      }
      let frame = frames.at(-1)
      while (frame !== undefined && peek(frame) === undefined) {
        frames.pop()
        if (frame.isStarted) countOpen(frame.name, -1)
        frame = frames.at(-1)
      }
      const token = peek(frame)
      if (frame === undefined || token === undefined) return false
      frame.ahead = undefined
      if (!frame.isStarted) countOpen(frame.name, 1)
      frame.isStarted = true
      startsRow = frame !== currentFrame || token.row !== frameRow
      if (startsRow) row += 1
      currentFrame = frame
      frameRow = token.row
      count += 1
      current = token.row === row ? token : { ...token, row }
      return true
    },
    hold() {
      held = true
    },
    startsRow: () => startsRow,
    nextOnRow() {
      const frame = frames.at(-1)
      if (held || frame === undefined || frame !== currentFrame || peek(frame)?.row !== frameRow) return false
      return this.next()
    },
    push(tokens, name) {
      frames.push({ name, tokens, isStarted: false, ahead: undefined })
    },
    isOpen: (name) => (open.get(name) ?? 0) > 0,
    openNames: () => frames.filter((frame) => frame.isStarted).map((frame) => frame.name),
    count: () => count,
  }
}
