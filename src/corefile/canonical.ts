// The content of a Corefile as one text, for the hash that tells whether a reload has anything to do.
import type { Corefile, Token } from './ast.ts'

/**
 * Renders blocks and directives as JSON: every row of arguments is a list, imports and environment variables are put in,
 * comments, white space, file names and line numbers are not.
 *
 * Two Corefiles of one text configure the same server. (CoreDNS's hash also changes with the line numbers.)
 */
export function canonicalCorefile({ blocks }: Pick<Corefile, 'blocks'>): string {
  return JSON.stringify(
    blocks.map(({ keys, directives }) => ({
      keys: keys.map(({ text }) => text),
      directives: directives.map(({ name, tokens }) => [name, rowsOf(tokens)]),
    })),
  )
}

function rowsOf(tokens: readonly Token[]): string[][] {
  const rows: string[][] = []
  let row: number | undefined
  for (const token of tokens) {
    if (token.row !== row) rows.push([])
    row = token.row
    rows.at(-1)?.push(token.text)
  }
  return rows
}
