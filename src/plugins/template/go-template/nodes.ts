// A parsed template: text, actions, and the control structures of Go's text/template.

/** One step of a template, done in order. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with'
      readonly pipeline: Pipeline
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | {
      readonly kind: 'range'
      readonly pipeline: Pipeline
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined }

/** Commands whose results go from one to the next as its last argument; perhaps kept in variables. */
export interface Pipeline {
  /** Names with their `$`: one, or two in `range $index, $element := …`. */
  readonly variables: readonly string[]
  /** `:=` declares, `=` assigns. */
  readonly declares: boolean
  readonly commands: readonly Command[]
}

/** An operand, or a function or method with its arguments. */
export interface Command {
  readonly operands: readonly Operand[]
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: boolean | number | string | null }
  /** The cursor, and fields below it. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] }

/** A template and those that it defines by name. */
export interface ParsedTemplate {
  readonly nodes: readonly Node[]
  readonly defined: ReadonlyMap<string, readonly Node[]>
}
