// What lint says about one place in a Corefile, and what its rules look at.
import type { ServerBlock, Token } from '../ast.ts'
import type { ServedZone } from '../keys.ts'

/** `error`: the server will not start, or answers wrongly. `warning`: it will hurt. `note`: good to know. */
export type Severity = 'error' | 'note' | 'warning'

export interface Finding {
  /** Stable, in kebab-case: `cache-denial-zero`. */
  readonly code: string
  readonly severity: Severity
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1. */
  readonly column: number
  /** The offending text. */
  readonly text: string
  /** What is wrong and why, in one sentence. */
  readonly message: string
  /** What to do. */
  readonly advice: string
  /** The other place that the message speaks of, in the same file. */
  readonly other?: LintPlace
}

/** Counted from 1. */
export interface LintPlace {
  readonly line: number
  readonly column: number
}

/** One directive as it stands in a block, taken apart without knowing what it means. */
export interface Occurrence {
  /** The directive's name. */
  readonly head: Token
  readonly args: readonly Token[]
  readonly options: readonly Option[]
}

export interface Option {
  readonly name: Token
  readonly args: readonly Token[]
}

export interface LintBlock {
  readonly block: ServerBlock
  /** The first key. */
  readonly at: Token
  /** Zones of the keys that could be read. */
  readonly zones: readonly ServedZone[]
  /** Arguments of `bind`; empty means every address. */
  readonly addresses: readonly string[]
  /** By directive name, in the order of the text. */
  readonly directives: ReadonlyMap<string, readonly Occurrence[]>
}

export interface LintContext {
  readonly blocks: readonly LintBlock[]
  /** The text of a resolv.conf that `forward` names, where it is known. */
  readonly resolvConf: (path: string) => string | undefined
}

export type Rule = (context: LintContext) => readonly Finding[]

export interface Statement {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly advice: string
  readonly other?: LintPlace | undefined
}

/** A finding at a token. */
export function findingAt(at: Pick<Token, 'column' | 'file' | 'line' | 'text'>, statement: Statement): Finding {
  const { file, line, column, text } = at
  const { other, ...said } = statement
  return { ...said, file, line, column, text, ...(other && { other: { line: other.line, column: other.column } }) }
}

/** Whether a text still holds what somebody else will put in: node-cache's pillars, an environment variable, a Helm value. */
export function isPlaceholder(text: string): boolean {
  return /__PILLAR__|\{[$%]|\{\{/.test(text)
}

/** The occurrences of a directive in a block; none when it is not there. */
export function occurrencesOf(block: LintBlock, directive: string): readonly Occurrence[] {
  return block.directives.get(directive) ?? []
}
