// A parsed expression of the expr language, as far as conditions on queries are written in it.

export type ExpressionNode =
  | { readonly kind: 'literal'; readonly value: boolean | number | string | null }
  | { readonly kind: 'list'; readonly items: readonly ExpressionNode[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [ExpressionNode, ExpressionNode])[] }
  /** A variable; `#` and `#acc` are those of a predicate. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly ExpressionNode[] }
  /** `{ … }` as an argument: carried out for each element. */
  | { readonly kind: 'predicate'; readonly body: ExpressionNode }
  | { readonly kind: 'unary'; readonly operator: '!' | '+' | '-'; readonly operand: ExpressionNode }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | {
      readonly kind: 'conditional'
      readonly test: ExpressionNode
      readonly yes: ExpressionNode
      readonly no: ExpressionNode
    }
  /** `a.b` and `a[b]`; optional (`?.`) ones give nil where `a` is nil. */
  | {
      readonly kind: 'member'
      readonly object: ExpressionNode
      readonly key: ExpressionNode
      readonly optional: boolean
    }
  | {
      readonly kind: 'slice'
      readonly object: ExpressionNode
      readonly from: ExpressionNode | undefined
      readonly to: ExpressionNode | undefined
    }
  | { readonly kind: 'let'; readonly name: string; readonly value: ExpressionNode; readonly body: ExpressionNode }

/** Words that cannot be names. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  'true',
  'false',
  'nil',
  'and',
  'or',
  'not',
  'in',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'let',
  'if',
  'else',
])
