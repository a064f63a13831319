// An expression as users write it, to the program that a socket takes.
import { compileFilter } from './compile-filter.ts'
import { parseFilter } from './parse-filter.ts'

/** What is captured when no expression is given: queries, responses, and the errors, fragments and tunnels that belong to them. */
export const DEFAULT_EXPRESSION = 'dns'

/** Classic BPF; empty for an expression that lets everything pass. @throws {CaptureError} `bad-filter` */
export function compileExpression(expression: string): Uint8Array {
  const filter = parseFilter(expression)
  return filter === undefined ? new Uint8Array(0) : compileFilter(filter)
}
