// Walks the tokens of one directive for the plugin that reads its options.
import type { Directive, Dispenser, Token } from './ast.ts'
import { CorefileError, parseError } from './errors.ts'

/** What a plugin says that does not allow a second directive in one block. */
export const ONCE_MESSAGE = 'this plugin can only be used once per Server Block'

/** Starts before the directive's first token: the first `next` stands on its name. */
export function createDispenser(directive: Directive): Dispenser {
  const { tokens } = directive
  let index = -1
  let depth = 0

  function token(): Token {
    const current = tokens[Math.max(index, 0)]
    if (current === undefined) throw new TypeError(`directive ${directive.name} has no tokens`)
    return current
  }
  /** The next token if it is on the row of the current one. */
  function neighbor(): Token | undefined {
    const next = tokens[index + 1]
    return index >= 0 && next?.row === tokens[index]?.row ? next : undefined
  }
  function next(): boolean {
    if (index + 1 >= tokens.length) return false
    index += 1
    return true
  }
  function nextArg(): boolean {
    const following = index < 0 ? tokens[0] : neighbor()
    return following !== undefined && following.text !== '{' && next()
  }

  return {
    next,
    nextArg,
    nextLine: () => (index < 0 || neighbor() === undefined) && next(),
    nextBlock() {
      if (depth === 0) {
        if (neighbor()?.text !== '{') return false
        next()
        depth = 1
      }
      if (next() && token().text !== '}') return true
      depth = 0
      return false
    },
    value: () => token().text,
    token,
    remainingArgs() {
      const texts: string[] = []
      while (nextArg()) texts.push(token().text)
      return texts
    },
    expectNoBlock() {
      if (neighbor()?.text !== '{') return
      next()
      throw this.argError()
    },
    argError() {
      const { text } = token()
      return this.error(
        text === '{'
          ? "Unexpected token '{', expecting argument"
          : `Wrong argument count or unexpected line ending after '${text}'`,
      )
    },
    error: (message) => parseError('bad-directive', message, { at: token() }),
  }
}

/** The error for a directive that stands in a block twice: {@link ONCE_MESSAGE}, at the second one. */
export function onceError(dispenser: Dispenser): CorefileError {
  const at = dispenser.token()
  return new CorefileError('bad-directive', ONCE_MESSAGE, {
    at,
    hint: `${at.file}:${at.line} is one too many: remove it`,
  })
}
