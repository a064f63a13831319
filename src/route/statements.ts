// The tokens of a directive as a person reads them: each repetition with its arguments and the lines of its block.
// Lenient where plugins are strict: this reads what CoreDNS runs, and whoever wrote it is told by lint.
import type { Directive, Token } from '../corefile/index.ts'

/** One line of a directive's block: `max_concurrent 1000`. */
export interface OptionLine {
  readonly name: string
  readonly args: readonly string[]
  readonly at: Token
}

/** One repetition of a directive. */
export interface Statement {
  readonly args: readonly string[]
  /** In the order of the text; lines of blocks inside the block are left out. */
  readonly options: readonly OptionLine[]
  /** The directive's name. */
  readonly at: Token
}

/** Takes a directive apart; one entry for each time it stands in its server block. */
export function readStatements(directive: Directive): Statement[] {
  const statements: { args: string[]; options: { name: string; args: string[]; at: Token }[]; at: Token }[] = []
  let depth = 0
  let row = -1
  for (const token of directive.tokens) {
    const statement = statements.at(-1)
    const startsRow = token.row !== row
    row = token.row
    if (depth === 0 && (statement === undefined || (startsRow && token.text === directive.name))) {
      statements.push({ args: [], options: [], at: token })
    } else if (token.text === '{' && !token.quoted) depth += 1
    else if (token.text === '}' && !token.quoted) depth = Math.max(depth - 1, 0)
    else if (depth === 0) statement?.args.push(token.text)
    else if (depth === 1 && startsRow) statement?.options.push({ name: token.text, args: [], at: token })
    else if (depth === 1) statement?.options.at(-1)?.args.push(token.text)
  }
  return statements
}

/** The options of that name. */
export function optionsNamed(statement: Statement, name: string): OptionLine[] {
  return statement.options.filter((option) => option.name === name)
}
